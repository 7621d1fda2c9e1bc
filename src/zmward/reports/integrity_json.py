"""What a baseline is, and what changed since, as JSON: zmward.integrity/1."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from zmward.i18n import Speaker
from zmward.integrity.checked import Checked, Made, Missed
from zmward.integrity.manifest import Header
from zmward.integrity.node import Node
from zmward.integrity.verdicts import RULES, Judged

SCHEMA: Final = "zmward.integrity/1"
_MODE: Final = "mode"


class BaselineShown(msgspec.Struct, frozen=True):
    """A signed baseline: `number:digest` is what to remember elsewhere."""

    number: int
    digest: str
    when: str
    host: str
    because: str
    paths: int
    zmward: str


class AddedShown(msgspec.Struct, frozen=True, rename={"kind": "class", "now": "is"}):
    """A path that is new."""

    path: str
    kind: str
    cause: str
    package: str
    now: Mapping[str, Any]


class ChangedShown(msgspec.Struct, frozen=True, rename={"kind": "class", "now": "is"}):
    """A path that differs: only the properties that do."""

    path: str
    kind: str
    cause: str
    package: str
    was: Mapping[str, Any]
    now: Mapping[str, Any]


class RemovedShown(msgspec.Struct, frozen=True, rename={"kind": "class"}):
    """A path that is gone."""

    path: str
    kind: str
    cause: str
    package: str
    was: Mapping[str, Any]


class AlarmShown(msgspec.Struct, frozen=True, rename={"kind": "class"}):
    """What nothing explains: the rule, what it says, and what to do."""

    path: str
    kind: str
    rule: str
    text: str
    todo: str
    package: str


class UnreadShown(msgspec.Struct, frozen=True):
    """A place that was not seen, and why."""

    path: str
    why: str


class IntegrityShown(msgspec.Struct, frozen=True):
    """The whole document; `public_key` is said where a baseline was made."""

    schema: str
    verb: Literal["baseline", "check", "accept"]
    baseline: BaselineShown
    quick: bool
    read: int
    added: tuple[AddedShown, ...]
    changed: tuple[ChangedShown, ...]
    removed: tuple[RemovedShown, ...]
    alarms: tuple[AlarmShown, ...]
    unread: tuple[UnreadShown, ...]
    edited: tuple[str, ...] = ()
    proved: int = 0
    unowned: int = 0
    public_key: str = ""
    accepted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def baseline_shown(header: Header, head: str) -> BaselineShown:
    """Return a baseline as it is shown."""
    return BaselineShown(
        *(header.serial, head, header.when, header.host),
        *(header.because, header.lines, header.zmward),
    )


def node_shown(node: Node) -> dict[str, Any]:
    """Return a recorded file, its mode in octal digits; what is empty is left out."""
    found = msgspec.to_builtins(node)
    names = Node.__struct_fields__
    shown = dict(zip(names, found, strict=True))
    shown[_MODE] = f"{node.mode:04o}"
    return {key: value for key, value in shown.items() if value not in ("", {}, 0)}


def _row(one: Judged) -> tuple[str, str, str, str]:
    return one.path, one.place.kind.value, one.cause, one.package


def alarms_shown(judged: Iterable[Judged], say: Speaker) -> Iterable[AlarmShown]:
    """Yield an alarm for each rule that something broke."""
    for one in judged:
        for rule in one.rules:
            text, todo = RULES[rule]
            yield AlarmShown(
                *(one.path, one.place.kind.value, rule),
                *(say(text), say(todo), one.package),
            )


def _unread(missed: Iterable[Missed]) -> tuple[UnreadShown, ...]:
    return tuple(UnreadShown(path, why) for path, why in missed)


def checked(found: Checked) -> IntegrityShown:
    """Return a comparison as a document."""
    differ = [one for one in found.judged if one.difference.was or one.difference.now]
    pairs = [(one, one.difference.was, one.difference.now) for one in differ]
    return IntegrityShown(
        schema=SCHEMA,
        verb="check",
        baseline=baseline_shown(found.header, found.head),
        quick=found.quick,
        read=found.read,
        added=tuple(
            AddedShown(*_row(one), node_shown(now))
            for one, was, now in pairs
            if was is None and now is not None
        ),
        changed=tuple(
            ChangedShown(
                *_row(one),
                {field.name: field.was for field in one.difference.fields},
                {field.name: field.now for field in one.difference.fields},
            )
            for one, was, now in pairs
            if was is not None and now is not None
        ),
        removed=tuple(
            RemovedShown(*_row(one), node_shown(was))
            for one, was, now in pairs
            if now is None and was is not None
        ),
        alarms=tuple(alarms_shown(found.alarms, Speaker())),
        unread=_unread(found.missed),
        notes=(found.trouble,) if found.trouble else (),
    )


def made(found: Made, alarms: Iterable[Judged]) -> IntegrityShown:
    """Return a baseline that was made as a document; suspects are its alarms."""
    return IntegrityShown(
        schema=SCHEMA,
        verb="baseline",
        baseline=baseline_shown(found.header, found.head),
        quick=False,
        read=found.header.lines,
        added=(),
        changed=(),
        removed=(),
        alarms=tuple(alarms_shown(alarms, Speaker())),
        unread=_unread(found.missed),
        edited=found.shipped.edited,
        proved=found.shipped.proved,
        unowned=found.shipped.unowned,
        public_key=found.public,
        notes=_forgotten(found.forgotten),
    )


def _forgotten(why: str) -> tuple[str, ...]:
    return (f"{why}: write the number down yourself",) if why else ()


def accepted(
    rest: Checked, own: tuple[str, ...], forgotten: str = ""
) -> IntegrityShown:
    """Return an acceptance as a document: what was taken, and what is left."""
    found = checked(rest)
    notes = (*found.notes, *_forgotten(forgotten))
    return msgspec.structs.replace(found, verb="accept", accepted=own, notes=notes)


def render(found: msgspec.Struct) -> str:
    """Return a document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"
