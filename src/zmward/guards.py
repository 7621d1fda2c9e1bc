"""What is never planned and never taken from a plan file, and why.

`objection` asks whether a change is one of the catalog's at all; `refusal` asks
whether it may be made here. Both answer with a sentence, or with nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from zmward.catalog.actions import (
    ACTIONS,
    FILES,
    MODES,
    PACKAGES,
    UNITS,
    USERS_OF_CRONTABS,
    VALIDATORS,
    argv,
)
from zmward.catalog.attributes import attributes
from zmward.catalog.localconfig import keys
from zmward.catalog.postfix import refused
from zmward.catalog.triggers import SECTIONS
from zmward.change import (
    Act,
    Change,
    InstallPackage,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    WriteFile,
)
from zmward.control import Status
from zmward.controls.shapes.authentication import last_working
from zmward.controls.shapes.second_factor import lacking
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.finding import Finding
from zmward.firewall.allowed_rules import strange_rules
from zmward.profile import Profile
from zmward.ruleset import LoadRuleset
from zmward.sources.masking import MASK, NO_SECRET, SECRET_KEY

_RENDERED: Final = frozenset(
    path for section in SECTIONS.values() for path in section.files
)
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?")
_OBJECT = re.compile(r"(server|cos|domain|account):([^\x00-\x1f\x7f]{1,300})")
_SCOPES = {
    "global": "globalConfig",
    "server": "server",
    "cos": "cos",
    "domain": "domain",
    "account": "account",
}
_PRINCIPAL = re.compile(r"cn=(admins|appaccts|config|zimbra)\b", re.IGNORECASE)
_SYSTEM = re.compile(
    r"(spam|ham|virus-quarantine|galsync|zimbra|root|postmaster)([._-][^@]*)?(@|$)",
    re.IGNORECASE,
)
# Who may log in, and who is an administrator, is never decided by a plan.
_ADMISSION: Final = frozenset(
    {
        *("zimbraAccountStatus", "zimbraIsAdminAccount", "zimbraIsSystemAccount"),
        *("zimbraIsSystemResource", "zimbraIsDelegatedAdminAccount", "userPassword"),
    }
)
# What opens or shuts a whole domain, and who says whether a password is right.
_GATES: Final = re.compile(
    r"zimbraDomainStatus|zimbraAuthMech(Admin)?|zimbraAuthKerberos5Realm"
    r"|zimbraAuthLdap(?!StartTls)\w*"
)
REQUIRED: Final = "zimbraFeatureTwoFactorAuthRequired"
_LONGEST = 1 << 20
# Site texts may have lines and tabs; nothing else that steers belongs in a value.
_STRANGE = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f\\ud800-\\udfff]")
# Keys that only the installer and shell programs know: the code compiles none in.
_WRITTEN_BY_THE_INSTALLER: Final = frozenset({"snmp_notify", "smtp_notify"})

# What an intruder leaves and no administrator's habit does: a library in every
# program, pages where none belong, jobs that fetch or hide code.
SIGNS: Final = (
    "nothing-preloaded",
    "web-folders-without-foreign-programs",
    "zimbra-crontab-without-foreign-jobs",
)

# Which word of the profile, said to be unwanted, asks for a cure that can hurt.
SERVICES: Final[Mapping[str, str]] = {
    "classic-client-off": "classic_client",
    "ews-off": "ews",
    "external-sources-off": "external_sources",
    "forwarding-by-users-off": "forwarding",
    "imap-off-by-default": "imap",
    "mobile-sync-off": "active_sync",
    "pop-off-by-default": "pop",
    "public-sharing-off": "public_sharing",
    "sharing-off": "sharing",
    "sharing-with-guests-off": "external_sharing",
    "smtp-auth-off-or-restricted": "smtp_auth",
    "ssh-root-needs-key": "ssh_passwords",
    "ssh-without-passwords": "ssh_passwords",
}


def opted(profile: Profile, control: str) -> bool:
    """Say whether the profile asks for a cure that can hurt somebody."""
    service = SERVICES.get(control)
    return service is not None and getattr(profile.services, service) == "unwanted"


def _secret(name: str) -> bool:
    low = name.lower()
    policy = low.startswith("zimbrapassword") or re.search(NO_SECRET, low)
    return not policy and re.search(SECRET_KEY, low) is not None


def _values(change: SetAttr, *, multi: bool) -> Iterator[str]:
    for values in (change.before, change.after):
        if values is None:
            continue
        if not values or "" in values:
            yield f"{change.attribute} has an empty list or an empty value"
        if len(values) > 1 and not multi:
            yield f"{change.attribute} takes one value only"
        if any(_STRANGE.search(value) or len(value) > _LONGEST for value in values):
            yield f"{change.attribute} has a value that no directory takes"


def _attr(change: SetAttr) -> Iterator[str]:
    if change.target != "global" and not _OBJECT.fullmatch(change.target):
        yield f"{change.target!r} is no object of the directory"
        return
    row = attributes().get(change.attribute)
    if row is None:
        yield f"there is no attribute {change.attribute!r}"
        return
    if _GATES.fullmatch(change.attribute):
        yield f"who may log in is not for a plan: {change.attribute}"
    if row.immutable or row.deprecated_since:
        yield f"{change.attribute} is deprecated or cannot be changed"
    if _SCOPES[change.target.partition(":")[0]] not in row.objects:
        yield f"{change.target} cannot hold {change.attribute}"
    yield from _values(change, multi=row.multi)


def _localconfig(change: SetLocalConfig) -> str:
    if change.key not in keys() and change.key not in _WRITTEN_BY_THE_INSTALLER:
        return f"there is no localconfig key {change.key!r}"
    if _secret(change.key) or MASK in (change.before or "", change.after or ""):
        return f"{change.key} is a secret, which zmward never sets"
    values = (change.before or "", change.after or "")
    if any(_STRANGE.search(value) or "\n" in value for value in values):
        return f"{change.key} has a value that no file takes"
    return ""


def _file(change: WriteFile) -> str:
    if change.path in _RENDERED:
        return f"zmconfigd renders {change.path}: it would undo the change"
    if not any(pattern.fullmatch(change.path) for pattern in FILES):
        return f"zmward does not write {change.path!r}"
    if change.validator and change.validator not in VALIDATORS:
        return f"there is no validator {change.validator!r}"
    strange = [unit for unit in change.reloads if unit not in UNITS]
    return f"zmward does not reload {strange[0]!r}" if strange else ""


def _mode(change: SetMode) -> str:
    climbs = {".", ".."} & set(change.path.split("/"))
    if climbs or not MODES.fullmatch(change.path):
        return f"zmward does not set the mode of {change.path!r}"
    for mode in (change.before, change.after):
        if not 0 <= mode.mode <= 0o7777:  # noqa: PLR2004  # all bits of chmod
            return f"{mode.mode} is no mode"
        if not _HOST.fullmatch(mode.owner) or not _HOST.fullmatch(mode.group):
            return f"{mode.owner}:{mode.group} are no owners"
    return ""


def _act(change: Act) -> str:
    if change.action not in ACTIONS:
        return f"there is no action {change.action!r}"
    try:
        argv(change.action, change.arguments)
    except ValueError as error:
        return str(error)
    if change.action == "render":
        strange = [name for name in change.arguments if name not in SECTIONS]
        return f"zmconfigd has no section {strange[0]!r}" if strange else ""
    return ""


def _parameter(change: SetParameter) -> str:
    values = (change.before, change.after, change.builtin or None)
    return refused(change.parameter, *values)


def _crontab(change: SetCrontab) -> str:
    known = change.user in USERS_OF_CRONTABS
    return "" if known else f"zmward does not write the crontab of {change.user!r}"


def _ruleset(change: LoadRuleset) -> str:
    both = (rules for rules in (change.before, change.after) if rules is not None)
    return next(filter(None, map(strange_rules, both)), "")


def _unit(change: SetUnit) -> str:
    known = change.unit in UNITS
    return "" if known else f"zmward does not switch {change.unit!r}"


def _package(change: InstallPackage) -> str:
    known = change.package in PACKAGES
    return "" if known else f"zmward does not install {change.package!r}"


_JUDGES: Final[Mapping[type, Callable[[Any], str]]] = {
    SetLocalConfig: _localconfig,
    WriteFile: _file,
    SetMode: _mode,
    SetParameter: _parameter,
    SetCrontab: _crontab,
    SetUnit: _unit,
    LoadRuleset: _ruleset,
    InstallPackage: _package,
    Act: _act,
}


def _of_account(change: SetAttr) -> bool:
    return change.target.startswith("account:")


def objection(change: Change) -> str:
    """Say why a change is none of the catalog's; empty where it is one."""
    if isinstance(change, SetAttr):
        found = next(_attr(change), "")
        return found or (_account(change) if _of_account(change) else "")
    if not _HOST.fullmatch(change.target):
        return f"{change.target!r} is no host"
    return _JUDGES[type(change)](change)


def _account(change: SetAttr) -> str:
    name = change.target.partition(":")[2]
    if _PRINCIPAL.search(name) or _SYSTEM.match(name) or "=" in name.partition("@")[0]:
        return f"{name} belongs to Zimbra itself"
    row = attributes()[change.attribute]
    # What no class of service can hold is the person's own: forwarding, filters,
    # locks, where the mail is.
    if change.attribute in _ADMISSION or "cos" not in row.objects:
        return f"who may log in is not for a plan: {change.attribute} of {name}"
    return ""


def _last_way_in(change: SetAttr, facts: Facts) -> str:
    """Say why an account is left alone: nobody else could mend what goes wrong."""
    name = change.target.partition(":")[2]
    try:
        last = last_working(facts)
    except Unseen as signal:
        return f"whether {name} is the last working administrator is unknown: {signal}"
    if name != last:
        return ""
    return (
        f"{name} is the last global administrator who can log in: make a second one "
        f"first, or by hand `{' '.join(change.commands()[0])}`"
    )


def _second_factor(facts: Facts | None) -> str:
    """Refuse to require a second factor that no program implements."""
    if facts is None:
        return f"{REQUIRED} is planned from evidence only, not from a report"
    try:
        without = lacking(facts)
    except Unseen as signal:
        return f"{REQUIRED} promises nothing without a program: {signal}"
    if not without:
        return ""
    return f"{REQUIRED} promises nothing: no program for it on {', '.join(without)}"


def signs(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the failed controls that are signs of compromise."""
    failed = {f.control for f in findings if f.status is Status.FAIL}
    return tuple(name for name in SIGNS if name in failed)


def refusal(change: Change, facts: Facts | None) -> str:
    """Say why a change is not planned here; empty where nothing speaks against it."""
    found = objection(change)
    if found or not isinstance(change, SetAttr):
        return found
    if change.attribute == REQUIRED and change.after == ("TRUE",):
        return _second_factor(facts)
    return _last_way_in(change, facts) if facts and _of_account(change) else ""
