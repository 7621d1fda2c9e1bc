"""Plan files: written for their owner's eyes, read with suspicion.

What was reviewed is what is applied. So everything that follows from the changes is
computed again and compared with what the file shows, to the last word.
"""

import difflib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from zmward.change import Change, SetAttr, WriteFile
from zmward.errors import BadFile, Refused
from zmward.guards import objection
from zmward.plan import (
    SCHEMA,
    Foreseen,
    Host,
    Left,
    Plan,
    Step,
    described,
    folded,
    order,
)
from zmward.reports.plan_json import document, row

_LARGEST = 64 << 20
_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_AGAIN = "Make it again with `zmward plan --output FILE`."
_KINDS: Mapping[str, type[Any]] = {
    kind.__struct_config__.tag: kind for kind in Change.__args__
}
# What follows from a change alone; the rest of a step tells of findings.
_COMPUTED = (
    *("id", "renders", "restarted", "restarts", "reversible", "support", "reaches"),
)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON form; the changes are read one by one."""

    schema: str
    host: str
    machine: str
    version: str
    when: str
    zmward: str
    hosts_seen: tuple[str, ...]
    hosts_missing: tuple[str, ...]
    profile_hash: str
    evidence_hash: str
    changes: tuple[dict[str, Any], ...]
    reloads: tuple[str, ...]
    left: tuple[Left, ...]
    signs: tuple[str, ...]
    foreseen: tuple[Foreseen, ...]
    digest: str


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, tuple(known), 1)
    return f"; did you mean {near[0]!r}?" if near else "."


def _unknown(keys: Iterable[str], known: Iterable[str], place: str) -> None:
    known = tuple(known)
    for key in keys:
        if key not in known:
            raise Refused(f"{place} has the unknown key {key!r}{_near(key, known)}")


def _fields(kind: type[Any]) -> tuple[str, ...]:
    return ("kind", *kind.__struct_fields__)


def _place(name: str, number: int, found: Mapping[str, Any]) -> str:
    return f"{name}: change {number} ({str(found.get('id', 'no id'))[:200]})"


def _change(found: Mapping[str, Any], place: str) -> Change:
    """Return the change of a row, or refuse it."""
    kind = found.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Refused(
            f"{place} has the unknown kind {kind!r}{_near(str(kind), _KINDS)}"
        )
    own = _fields(_KINDS[kind])
    shown = ("commands", "undo", *Step.__struct_fields__)
    _unknown(found, (*own, *(name for name in shown if name != "change")), place)
    try:
        change: Change = msgspec.convert(
            {name: found[name] for name in own if name in found}, _KINDS[kind]
        )
    except msgspec.ValidationError as error:
        raise Refused(f"{place} cannot be read: {error}.") from error
    if isinstance(change, WriteFile) and any(
        side and side.secret for side in (change.before, change.after)
    ):
        raise Refused(
            f"{place} writes a secret, which no plan file holds: run the verb that "
            "made the plan without --plan."
        )
    against = objection(change)
    if against:
        raise Refused(f"{place} is refused: {against}.")
    return change


def _differs(shown: Any, computed: Any, path: str = "") -> str:
    """Return where two documents differ first, and how; empty where they do not."""
    if isinstance(shown, dict) and isinstance(computed, dict):
        for key in (*shown, *computed):
            if key not in computed:
                return f"{path}{key} is unknown{_near(key, computed)}"
            found = _differs(shown.get(key), computed[key], f"{path}{key}.")
            if found:
                return found
        return ""
    if isinstance(shown, list) and isinstance(computed, list):
        pairs = zip(shown, computed, strict=False)
        for number, (one, two) in enumerate(pairs):
            found = _differs(one, two, f"{path}{number}.")
            if found:
                return found
        return "" if len(shown) == len(computed) else f"{path[:-1]} has other entries"
    same = type(shown) is type(computed) and shown == computed
    return "" if same else f"{path[:-1]} is {str(shown)[:80]!r}"


def _plain(computed: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(computed))


def _step(found: Mapping[str, Any], nodes: tuple[str, ...], place: str) -> Step:
    change = _change(found, place)
    known: dict[str, Any] = msgspec.to_builtins(described(change, (), nodes))
    told = {name: found[name] for name in Step.__struct_fields__ if name in found}
    try:
        step = msgspec.convert({**told, "change": known["change"]}, Step)
    except msgspec.ValidationError as error:
        raise Refused(f"{place} cannot be read: {error}. {_AGAIN}") from error
    computed = row(step) | {name: known[name] for name in _COMPUTED}
    difference = _differs(dict(found), _plain(computed))
    harmless = known["effort"] == "window" or step.affects
    if not difference and step.effort == "safe" and harmless:
        difference = "effort is 'safe'"
    if difference:
        raise Refused(
            f"{place} was edited by hand: {difference.removesuffix('.')}, "
            f"and not what its change comes to. {_AGAIN}"
        )
    return step


def _whole(found: Plan, reloads: tuple[str, ...], name: str) -> None:
    """Refuse a plan whose parts do not fit together."""
    places = [step.change.place for step in found.steps]
    if len(set(places)) < len(places):
        raise Refused(f"{name} changes one place twice. {_AGAIN}")
    if list(found.steps) != sorted(found.steps, key=order):
        raise Refused(f"{name} has its changes in another order. {_AGAIN}")
    if reloads != folded(found.steps):
        raise Refused(f"{name} restarts other services than it must. {_AGAIN}")
    for step in found.steps:
        strange = not isinstance(step.change, SetAttr)
        if strange and step.change.target != found.host.name:
            raise Refused(f"{name} is for {found.host.name}, but {step.id} is not.")


def _file(content: bytes, name: str) -> _File:
    try:
        raw = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused(f"{name} is not a whole plan: {error}. {_AGAIN}") from error
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        schema = raw.get("schema") if isinstance(raw, dict) else None
        raise Refused(f"{name} has the schema {schema!r}; this zmward reads {SCHEMA}.")
    _unknown(raw, _File.__struct_fields__, name)
    try:
        return msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        raise Refused(f"{name} is not a whole plan: {error}. {_AGAIN}") from error


def decode(content: bytes, name: str, machine: str = "") -> Plan:
    """Return the plan that a file holds, or refuse it and name what is wrong.

    `machine` is the host that it is meant for; a plan of another one is refused.
    """
    stored = _file(content, name)
    if machine and stored.machine and stored.machine != machine:
        raise Refused(
            f"{name} was made for {stored.host}, which is another machine. {_AGAIN}"
        )
    nodes = (*stored.hosts_seen, *stored.hosts_missing)
    steps = tuple(
        _step(found, nodes, _place(name, number, found))
        for number, found in enumerate(stored.changes, 1)
    )
    plan = Plan(
        host=Host(stored.host, stored.machine, stored.version),
        when=stored.when,
        zmward=stored.zmward,
        steps=steps,
        reloads=stored.reloads,
        left=stored.left,
        hosts_missing=stored.hosts_missing,
        profile_hash=stored.profile_hash,
        evidence_hash=stored.evidence_hash,
        hosts_seen=stored.hosts_seen,
        foreseen=stored.foreseen,
        signs=stored.signs,
    )
    _whole(plan, stored.reloads, name)
    difference = _differs(msgspec.json.decode(content), _plain(document(plan)))
    if difference:
        raise Refused(f"{name} was edited by hand: {difference}")
    return plan


def read(path: Path, machine: str = "") -> Plan:
    """Read a plan file that nobody else could have written."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST:
        raise Refused(f"{path} is larger than any plan.")
    if status.st_mode & _OTHERS or status.st_uid not in (0, os.geteuid()):
        raise Refused(
            f"{path} could be written by others: copy it where only you can write, "
            "read it again, and give it the mode 0600."
        )
    return decode(content, str(path), machine)
