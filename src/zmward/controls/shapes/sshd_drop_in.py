"""The drop-in of sshd: lines that come first, written only where they take effect.

And only where somebody who administers has a key: nobody may be shut out by it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from zmward.change import FileText, WriteFile
from zmward.controls.shapes.repair import Uncurable, standing
from zmward.facts import Facts
from zmward.sources.key_logins import KEY_LOGINS, Login
from zmward.sources.own_files import OWN_FILES
from zmward.sources.sshd import SSHD, Case
from zmward.sources.sshdfiles import MAIN, SSHD_FILES, Setting, SshdFiles
from zmward.sources.units import UNITS, unit

PATH: Final = "/etc/ssh/sshd_config.d/00-zmward.conf"
NEEDS: Final = (SSHD, SSHD_FILES, OWN_FILES, KEY_LOGINS, UNITS)
_HEAD = "# Written by zmward. It is read first, and the first value is in force."
# What an option offers, as AuthenticationMethods calls it.
_OFFERS = {
    "passwordauthentication": "password",
    "kbdinteractiveauthentication": "keyboard-interactive",
    "gssapiauthentication": "gssapi-with-mic",
    "hostbasedauthentication": "hostbased",
}
_KEYS = (".ssh/authorized_keys", "%h/.ssh/authorized_keys")
_OLDER = {"challengeresponseauthentication": "kbdinteractiveauthentication"}
# Values that are as strict as the ones that are written, or stricter.
_STRICT: Mapping[str, tuple[str, ...]] = {
    "permitrootlogin": (
        *("no", "prohibit-password", "without-password", "forced-commands-only"),
    ),
}

Lines = Mapping[str, str]  # keyword → value, as they are written


def _option(name: str) -> str:
    return _OLDER.get(name.lower(), name.lower())


def _against(settings: Iterable[Setting], lines: Lines) -> Iterator[Setting]:
    """Yield what says something else than these lines."""
    wanted = {_option(name): value for name, value in lines.items()}
    for setting in settings:
        value = wanted.get(_option(setting.option))
        if value is not None and setting.file != PATH:
            said = setting.value.lower().strip('"')
            if said not in (value, *_STRICT.get(_option(setting.option), ())):
                yield setting


def _in_force(files: SshdFiles, lines: Lines) -> None:
    """Refuse where what is written first would not be in force for everybody."""
    text = "; ".join(f"`{name} {value}`" for name, value in lines.items())
    by_hand = "check with `sshd -t`, reload, and keep a session open"
    if files.ahead is None:
        raise Uncurable(
            f"{MAIN} does not include sshd_config.d/*.conf for everybody: write {text} "
            f"above all other lines of it, {by_hand}."
        )
    if files.elsewhere:
        names = ", ".join(files.elsewhere)
        raise Uncurable(
            f"What sshd includes from {names} was not collected and could override a "
            f"drop-in: set {text} there or above it, {by_hand}."
        )
    drop_ins = [
        setting
        for setting in files.settings
        if setting.file.startswith(PATH.rpartition("/")[0]) and setting.file < PATH
    ]
    first = [s for s in (*files.ahead, *drop_ins) if not s.match]
    blocks = [setting for setting in files.settings if setting.match]
    for setting in blocks:
        if setting.file == PATH:  # what is added there would be the block's own
            raise Uncurable(
                f"{setting.place} stands in a Match: move that block into a file of "
                "its own, then plan again."
            )
    for setting in _against(first, lines):
        raise Uncurable(
            f"{setting.place} says `{setting.option} {setting.value}` before any "
            f"drop-in is read: change that line, {by_hand}."
        )
    for setting in _against(blocks, lines):
        raise Uncurable(
            f"`Match {setting.match}` overrides what is set for all: take "
            f"`{setting.option} {setting.value}` out at {setting.place}, {by_hand}."
        )


def _ways_left(files: SshdFiles, lines: Lines) -> None:
    """Refuse to switch off what a login needs besides its key."""
    off = {_OFFERS.get(_option(name)) for name, value in lines.items() if value == "no"}
    for setting in files.settings:
        if setting.option != "authenticationmethods":
            continue
        ways = setting.value.strip('"').split()
        if ways and not any(off.isdisjoint(re.split("[:,]", way)) for way in ways):
            raise Uncurable(
                f"`AuthenticationMethods {setting.value}` ({setting.place}) needs what "
                "would be switched off, and would let nobody in: take it out there, or "
                "switch off by Match what its logins do not need."
            )


def _takes_keys(case: Case) -> bool:
    methods = case.one("authenticationmethods").split()
    files = case.one("authorizedkeysfile").split()
    return (
        case.one("pubkeyauthentication") != "no"
        and (methods in ([], ["any"]) or "publickey" in methods)
        and (not files or any(file in _KEYS for file in files))
    )


def _listed(case: Case, option: str) -> list[str]:
    return " ".join(case.settings.get(option, ())).split()


def _admitted(case: Case, login: Login) -> bool:
    """Say whether no list of sshd's keeps an account out, wherever it comes from."""
    groups = (login.user, *login.groups)
    allowed, denied = _listed(case, "allowusers"), _listed(case, "denyusers")
    within, without = _listed(case, "allowgroups"), _listed(case, "denygroups")
    return (
        (
            not allowed
            or any(fnmatchcase(login.user, p.partition("@")[0]) for p in allowed)
        )
        and not any(fnmatchcase(login.user, p.partition("@")[0]) for p in denied)
        and (not within or any(fnmatchcase(g, p) for g in groups for p in within))
        and not any(fnmatchcase(g, p) for g in groups for p in without)
    )


def _enters(cases: Iterable[Case], login: Login) -> bool:
    own = [case for case in cases if case.user == login.user]
    asked = own or [case for case in cases if case.user == "nobody"] or list(cases)
    root = login.user == "root"
    closed = ("no", "forced-commands-only")
    return bool(asked) and all(
        _takes_keys(case)
        and _admitted(case, login)
        and not (root and case.one("permitrootlogin") in closed)
        for case in asked
    )


def _nobody_shut_out(facts: Facts, host: str) -> None:
    cases = facts.read(SSHD, host)
    logins = facts.read(KEY_LOGINS, host)
    if any(login.usable and _enters(cases, login) for login in logins):
        return
    names = ", ".join(login.user for login in logins)
    raise Uncurable(
        f"Nobody who administers ({names}) has a key with which sshd lets him in: put "
        "one into the authorized_keys of root or of an account with sudo, log in with "
        "it once, then plan again."
    )


def drop_in(facts: Facts, host: str, lines: Lines) -> WriteFile:
    """Return the change that puts these lines before all others of sshd."""
    files = facts.read(SSHD_FILES, host)
    _in_force(files, lines)
    _ways_left(files, lines)
    _nobody_shut_out(facts, host)
    before = standing(facts, host, PATH)
    own = {_option(name) for name in lines}
    old = before.text.splitlines() if before else [_HEAD]
    kept = [line for line in old if _option(line.split(" ")[0]) not in own]
    new = [*kept, *(f"{name} {value}" for name, value in lines.items())]
    text = "".join(f"{line}\n" for line in new)
    after = FileText(text, before.mode if before else 0o644)
    daemon = unit(facts.read(UNITS, host), "ssh", "sshd")
    if not daemon.exists:
        raise Uncurable("Which unit is sshd's is not known: write it by hand.")
    return WriteFile(host, PATH, before, after, "sshd", (daemon.name,))
