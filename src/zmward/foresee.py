"""What evidence would be after changes, where that can be computed.

The directory, localconfig and what Postfix renders of them are foreseen. What files,
packages and units do to a host shows only when it is asked again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from zmward.catalog.rendering import rendered
from zmward.change import Change, SetAttr, SetLocalConfig
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed
from zmward.sources.accounts import Accounts, Group
from zmward.sources.directory import Entry
from zmward.sources.localconfig import Localconfig
from zmward.sources.registry import sources
from zmward.sources.source import Unreadable

_PLACES = {
    "global": "ldap-config",
    "server": "ldap-servers",
    "cos": "ldap-cos",
    "domain": "ldap-domains",
    "account": "ldap-accounts",
}

_Answers = dict[str, dict[str, Answer | Missing | Parsed]]


def foreseeable(change: Change) -> bool:
    """Say whether the evidence after a change can be computed."""
    return isinstance(change, SetAttr | SetLocalConfig)


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
    return replace(found, overrides=overrides)


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


def foresee(evidence: Evidence, changes: Iterable[Change]) -> Evidence:
    """Return the evidence as it would be after the changes."""
    answers: _Answers = {host: dict(found) for host, found in evidence.answers.items()}
    for change in changes:
        if isinstance(change, SetAttr):
            _set_attr(answers, change)
        elif isinstance(change, SetLocalConfig):
            _set_localconfig(answers, change)
    return msgspec.structs.replace(evidence, answers=answers)
