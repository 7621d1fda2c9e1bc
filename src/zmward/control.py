"""A control: what good is, why, whom its repair hurts, and how it is judged."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from zmward.deviation import Judgement
from zmward.facts import Facts
from zmward.outlook import Outside


class Severity(StrEnum):
    """How bad a failure is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Status(StrEnum):
    """What a control came to."""

    PASS = "PASS"  # noqa: S105  # a verdict, not a password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    WAIVED = "WAIVED"


class Check(msgspec.Struct, frozen=True):
    """The judging of a control: pure, and only over the sources that it names.

    `attributes` and localconfig's `keys` are those that it judges and its cures set.
    """

    needs: tuple[str, ...]
    judge: Callable[[Facts], Iterable[Judgement]]
    cures: bool = False
    attributes: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


class Example(msgspec.Struct, frozen=True):
    """A piece of evidence and what the control must say of it."""

    status: Status
    given: Mapping[str, Any]


class Control(msgspec.Struct, frozen=True):
    """One thing that is either as it should be or not.

    `roles` are the Zimbra services that it concerns; empty means every node.
    `locks_out` says whom its cure can lock out or silence; empty means nobody.
    `topic` is its folder below controls/.
    `outside` judges the same from what `zmward scan` saw; where the check needs no
    source, that is the only way, and an audit without a scan leaves the control out.
    """

    id: str
    title: str
    why: str
    impact: str
    severity: Severity
    tips: tuple[str, ...]
    check: Check
    refs: tuple[str, ...]
    examples: tuple[Example, ...]
    roles: tuple[str, ...] = ()
    locks_out: str = ""
    note: str = ""
    formerly: tuple[str, ...] = ()
    topic: str = ""
    outside: Outside | None = None

    @property
    def outside_only(self) -> bool:
        """Say whether nothing on the host itself can tell."""
        return self.outside is not None and not self.check.needs


def passes(**given: Any) -> Example:
    """Return an example that must PASS; see tests/examples.py for its words."""
    return Example(Status.PASS, given)


def fails(**given: Any) -> Example:
    """Return an example that must FAIL."""
    return Example(Status.FAIL, given)


def unsure(**given: Any) -> Example:
    """Return an example that must be UNKNOWN."""
    return Example(Status.UNKNOWN, given)


def unconcerned(**given: Any) -> Example:
    """Return an example that must be NOT_APPLICABLE."""
    return Example(Status.NOT_APPLICABLE, given)
