"""What evidence would be after changes, where that can be computed.

The directory, localconfig, what Postfix renders of them, its own parameters, modes,
the files of ours, units, packages and the crontab are foreseen. What a daemon makes of
them is not: the sources that would show it have no answer until the host is asked.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from zmward.catalog.rendering import rendered
from zmward.change import (
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
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed
from zmward.i18n import mark
from zmward.ruleset import LoadRuleset
from zmward.sources.accounts import Accounts, Group
from zmward.sources.crontab import CRONTAB, Crontab
from zmward.sources.directory import Entry
from zmward.sources.localconfig import Localconfig
from zmward.sources.own_files import OwnFile, OwnFiles
from zmward.sources.registry import sources
from zmward.sources.source import Unreadable
from zmward.sources.units import Unit

_PLACES = {
    "global": "ldap-config",
    "server": "ldap-servers",
    "cos": "ldap-cos",
    "domain": "ldap-domains",
    "account": "ldap-accounts",
}

# Which answers tell modes, each path → a row with mode, owner and group.
_MODES = ("file-modes", "tls-keys")

# What a daemon or a parser makes of a file that a plan writes.
_READERS: Mapping[str, tuple[str, ...]] = {
    "/etc/apt/": ("apt-conf",),
    "/etc/chrony/": ("chrony-tracking",),
    "/etc/fail2ban/": ("fail2ban",),
    "/etc/rsyslog.d/": ("rsyslog",),
    "/etc/ssh/": ("sshd", "sshd-files"),
    "/etc/sudoers.d/": ("sudoers",),
    "/etc/ufw/": ("firewall-files",),
    "/opt/zimbra/.ssh/": ("authorized-keys",),
}
# What shows only once a unit runs otherwise, or once its package is there.
_SHOWN_LATER: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("chrony", "chronyd"), ("chrony-tracking",)),
    "fail2ban": ("fail2ban",),
    **dict.fromkeys(("pax", "spax"), ("amavis-pax",)),
}
LATER = mark("changed by this plan: shows only when the host is asked again")
_OF_THIS_PLAN = "0~of-this-plan"

_Answers = dict[str, dict[str, Answer | Missing | Parsed]]


def hidden(change: Change) -> tuple[str, ...]:
    """Return the sources whose answers after a change nobody can compute."""
    match change:
        case WriteFile(path=path):
            found = (v for k, v in _READERS.items() if path.startswith(k))
            return next(found, ())
        case SetUnit(unit=unit):
            return _SHOWN_LATER.get(unit.partition(".")[0], ())
        case InstallPackage(package=package):
            return _SHOWN_LATER.get(package, ())
        case SetCrontab():
            return ("expiry-notifier",)
        case LoadRuleset():
            return ("firewall",)
        case _:
            return ()


def foreseeable(change: Change) -> bool:
    """Say whether all of the evidence after a change can be computed."""
    return type(change) in COMPUTED and not hidden(change)


def _value(answers: _Answers, host: str, source: str) -> Any:
    """Return the parsed answer, or None where there is none to be changed."""
    answer = answers.get(host, {}).get(source)
    if isinstance(answer, Parsed):
        return answer.value
    if not isinstance(answer, Answer):
        return None
    try:
        return sources()[source].parse(answer.text)
    except Unreadable:
        return None


def _set(values: Mapping[str, tuple[str, ...]], change: SetAttr) -> dict[str, Any]:
    new = dict(values)
    new.pop(change.attribute.lower(), None)
    if change.after:
        new[change.attribute.lower()] = change.after
    return new


def _set_exact(own: Mapping[str, tuple[str, ...]], change: SetAttr) -> dict[str, Any]:
    kept = {name: own[name] for name in own if name != change.attribute}
    return {**kept, change.attribute: change.after} if change.after else kept


def _changed(entries: Iterable[Entry], change: SetAttr) -> tuple[Entry, ...]:
    return tuple(
        Entry(e.kind, e.name, e.id, _set(e.values, change))
        if e.label == change.target
        else e
        for e in entries
    )


def _without(group: Group, name: str) -> Group:
    """Return the group without an account; one whose names are cut off keeps them."""
    if name not in group.names:
        return group
    return Group(group.count - 1, tuple(n for n in group.names if n != name))


def _with(group: Group | None, name: str) -> Group:
    names = () if group is None else group.names
    count = 0 if group is None else group.count
    return Group(count + 1, tuple(sorted((*names, name))))


def _account_changed(found: Accounts, change: SetAttr) -> Accounts:
    name = change.target.partition(":")[2]
    old = found.overrides.get(change.attribute, {})
    groups = {value: _without(group, name) for value, group in old.items()}
    if change.after:
        value = "\n".join(sorted(change.after))
        groups[value] = _with(groups.get(value), name)
    kept = {value: group for value, group in groups.items() if group.count}
    overrides = {**found.overrides, change.attribute: kept}
    if not kept:
        del overrides[change.attribute]
    admins = tuple(
        replace(a, own=_set_exact(a.own, change)) if a.name == name else a
        for a in found.admins
    )
    return replace(found, overrides=overrides, admins=admins)


def _own(answers: _Answers, target: str, attribute: str) -> tuple[str, ...]:
    """Return the own values of the global config or of a server, as they are now."""
    found = _value(answers, DIRECTORY, _PLACES[target.partition(":")[0]])
    entries = (found,) if isinstance(found, Entry) else found or ()
    return next((e.own(attribute) for e in entries if e.label == target), ())


def _render(answers: _Answers, change: SetAttr) -> None:
    """Let Postfix have the new value on each node that the change reaches."""
    for host in answers.keys() - {DIRECTORY}:
        own = _own(answers, f"server:{host}", change.attribute)
        reached = change.target == "global" and not own
        if not reached and change.target != f"server:{host}":
            continue
        values = own or _own(answers, "global", change.attribute)
        parameter = rendered(change.attribute, values)
        live = _value(answers, host, "postconf") if parameter else None
        if live is not None:
            answers[host]["postconf"] = Parsed({**live, **parameter})


def _set_attr(answers: _Answers, change: SetAttr) -> None:
    kind = change.target.partition(":")[0]
    source = _PLACES[kind]
    value = _value(answers, DIRECTORY, source)
    if value is None:
        return
    new: Any
    if kind == "account":
        new = _account_changed(value, change)
    elif kind == "global":
        new = _changed((value,), change)[0]
    else:
        new = _changed(value, change)
    answers[DIRECTORY][source] = Parsed(new)
    _render(answers, change)


def _set_localconfig(answers: _Answers, change: SetLocalConfig) -> None:
    found = _value(answers, change.target, "localconfig")
    if found is None:
        return
    own = dict(found.own)
    own.pop(change.key, None)
    if change.after is not None:
        own[change.key] = change.after
    answers[change.target]["localconfig"] = Parsed(Localconfig(own))


def _set_parameter(answers: _Answers, change: SetParameter) -> None:
    own = _value(answers, change.target, "postconf-own")
    live = _value(answers, change.target, "postconf")
    value = change.builtin if change.after is None else change.after
    if live is not None:
        changed = {**live, change.parameter: value}
        answers[change.target]["postconf"] = Parsed(changed)
    if own is not None:
        kept = {name: own[name] for name in own if name != change.parameter}
        if change.after is not None:
            kept[change.parameter] = change.after
        answers[change.target]["postconf-own"] = Parsed(kept)


def _set_mode(answers: _Answers, change: SetMode) -> None:
    mode = change.after
    new = {"mode": mode.mode, "owner": mode.owner, "group": mode.group}
    for source in _MODES:
        found = _value(answers, change.target, source)
        if found is not None and change.path in found:
            row = replace(found[change.path], **new)
            answers[change.target][source] = Parsed({**found, change.path: row})


def _write_file(answers: _Answers, change: WriteFile) -> None:
    found = _value(answers, change.target, "own-files")
    if not isinstance(found, OwnFiles):
        return
    files = dict(found.found)
    files.pop(change.path, None)
    if change.after is not None:
        new = change.after
        files[change.path] = OwnFile(new.text, new.mode, new.owner, new.group)
    answers[change.target]["own-files"] = Parsed(OwnFiles(files, found.odd))


def _set_unit(answers: _Answers, change: SetUnit) -> None:
    found = _value(answers, change.target, "units")
    if found is None:
        return
    old = found.get(change.unit, Unit(change.unit, "loaded", "inactive", "disabled"))
    new = Unit(
        old.name,
        "loaded",
        "active" if change.after.active else "inactive",
        "enabled" if change.after.enabled else "disabled",
    )
    aliases = {name: new for name, one in found.items() if one.name == old.name}
    answers[change.target]["units"] = Parsed({**found, change.unit: new, **aliases})


def _install(answers: _Answers, change: InstallPackage) -> None:
    found = _value(answers, change.target, "packages")
    if found is not None:
        new = {change.package: _OF_THIS_PLAN, **found}
        answers[change.target]["packages"] = Parsed(new)


def _set_crontab(answers: _Answers, change: SetCrontab) -> None:
    found = _value(answers, change.target, CRONTAB.name)
    if not isinstance(found, Crontab) or change.user != "zimbra":
        return
    new: Parsed | Missing = Missing(f"{found.path}: no such file", "absent")
    if change.after is not None:
        lines = "".join(f" {line}\n" for line in change.after.splitlines())
        try:
            new = Parsed(CRONTAB.parse(f"> {found.path}\n{lines}"))
        except Unreadable as error:
            new = Missing(str(error), "unparsed")
    answers[change.target][CRONTAB.name] = new


COMPUTED: Final[Mapping[type, Callable[[_Answers, Any], None]]] = {
    SetAttr: _set_attr,
    SetLocalConfig: _set_localconfig,
    SetParameter: _set_parameter,
    SetMode: _set_mode,
    WriteFile: _write_file,
    SetUnit: _set_unit,
    InstallPackage: _install,
    SetCrontab: _set_crontab,
}


def foresee(evidence: Evidence, changes: Iterable[Change]) -> Evidence:
    """Return the evidence as it would be after the changes.

    What cannot be computed is Missing then: it is never taken for unchanged.
    """
    answers: _Answers = {host: dict(found) for host, found in evidence.answers.items()}
    for change in changes:
        compute = COMPUTED.get(type(change))
        if compute is not None:
            compute(answers, change)
        for source in hidden(change):
            if source in answers.get(change.target, {}):
                answers[change.target][source] = Missing(LATER, "unseen")
    return msgspec.structs.replace(evidence, answers=answers)
