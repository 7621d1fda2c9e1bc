"""What changed between two stored reports."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from zmward.control import Status
from zmward.errors import BadFile
from zmward.finding import SCHEMA

Kind = Literal["worse", "better", "changed", "new", "gone"]
_BADNESS = {
    Status.FAIL: 3,
    Status.UNKNOWN: 2,
    Status.WAIVED: 1,
    Status.PASS: 0,
    Status.NOT_APPLICABLE: 0,
}


class StoredDeviation(msgspec.Struct, frozen=True):
    """One deviation of a stored report."""

    subject: str
    found: str
    layer: str = ""


class StoredFinding(msgspec.Struct, frozen=True):
    """One finding of a stored report."""

    control: str
    title: str
    severity: str
    status: Status
    deviations: tuple[StoredDeviation, ...] = ()


class Stored(msgspec.Struct, frozen=True):
    """What a comparison needs of a report; other fields are ignored."""

    schema: str
    host: str
    when: str
    findings: tuple[StoredFinding, ...]


class Drift(msgspec.Struct, frozen=True):
    """One control that stands otherwise than before; None where it was not judged."""

    control: str
    title: str
    severity: str
    kind: Kind
    was: Status | None
    now: Status | None
    appeared: tuple[StoredDeviation, ...]
    vanished: tuple[StoredDeviation, ...]


def decode(content: bytes, name: str) -> Stored:
    """Read a report's JSON; `name` is the file's name for error messages."""
    try:
        stored = msgspec.json.decode(content, type=Stored)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadFile(
            f"{name} is not a zmward report: {error}. "
            "Make one with `zmward audit --json`."
        ) from error
    if stored.schema != SCHEMA:
        raise BadFile(
            f"{name} has the schema {stored.schema!r}; this zmward reads {SCHEMA}."
        )
    return stored


def _kind(was: StoredFinding | None, now: StoredFinding | None) -> Kind:
    if was is None:
        return "new"
    if now is None:
        return "gone"
    difference = _BADNESS[now.status] - _BADNESS[was.status]
    if difference:
        return "worse" if difference > 0 else "better"
    return "changed"


def _compared(was: StoredFinding | None, now: StoredFinding | None) -> Drift | None:
    old = set(was.deviations) if was else set()
    new = set(now.deviations) if now else set()
    if was and now and was.status is now.status and old == new:
        return None
    one = now or was
    if one is None:
        return None
    return Drift(
        control=one.control,
        title=one.title,
        severity=one.severity,
        kind=_kind(was, now),
        was=was.status if was else None,
        now=now.status if now else None,
        appeared=tuple(d for d in (now.deviations if now else ()) if d not in old),
        vanished=tuple(d for d in (was.deviations if was else ()) if d not in new),
    )


def diff(was: Stored, now: Stored) -> tuple[Drift, ...]:
    """Return what changed, in the order of the newer report, what is gone last."""

    def changes() -> Iterator[Drift]:
        before = {finding.control: finding for finding in was.findings}
        after = {finding.control: finding for finding in now.findings}
        for control in dict.fromkeys((*after, *before)):
            found = _compared(before.get(control), after.get(control))
            if found:
                yield found

    return tuple(changes())
