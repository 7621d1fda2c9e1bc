"""Holes of Zimbra: what they are, which builds close them, when they matter."""

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import msgspec

from zmward.catalog.conditions import Condition

Component = Literal["store", "mta", "proxy", "ldap", "core"]
# What comes from outside is proved here, so that nothing below meets other words. The
# last group refuses a line's end, before which `$` would match as well.
Line = Annotated[str, msgspec.Meta(pattern=r"^([0-9]{1,3}(\.[0-9]{1,3}){0,2})?$(?!\n)")]
Release = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([0-9]{1,3}\.[0-9]{1,3}(\.[0-9]{1,3}(_P[0-9]{1,4}(\.[0-9]{1,3})?)?)?)?"
        r"$(?!\n)"
    ),
]
# Versions 2 to 4; zmward.patches.rating says whether it scores.
Vector = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.:/]{0,400}$(?!\n)")]
Access = Literal["anyone", "user", "admin", "local", "unknown"]


class Fix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The build that closes a hole in one line of releases, such as `10.1`.

    `since` is the first build that may hold it, `surely` the first that does; empty
    where only `still_open` is known, the newest build that surely does not.
    """

    line: Line
    since: Release = ""
    surely: Release = ""
    still_open: Release = ""

    def __post_init__(self) -> None:
        """Refuse a row that says nothing."""
        if not self.line or not (self.surely or self.still_open):
            raise ValueError("a fix names its line and a build")


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Builds that a record names as affected: all of a line, or between two ends.

    `first` and `last` are included, `before` is not; an empty text is no end.
    """

    line: Line = ""
    first: Release = ""
    last: Release = ""
    before: Release = ""

    def __post_init__(self) -> None:
        """Refuse a range without any end, which would hold every build."""
        if not (self.line or self.first or self.last or self.before):
            raise ValueError("a range names a line or an end")


class Mitigation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What helps until the patch; `control` is the control that can cure it."""

    text: str
    control: str = ""


class Advisory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One hole; a line that is missing from its fixes is unknown, not safe.

    `proven` says that the fixed builds were read in the record, `inferred` that they
    were only concluded from the end of the affected range.
    `unfixed` are lines that get no fix; `without` are lines that began without the
    hole, as their source shows. `undone_by` takes a fix back. `vector` is the whole
    CVSS vector, of which `cvss` is the base score where the record says it.
    """

    id: str
    where: str
    summary: str
    component: Component
    access: Access
    affected: tuple[Range, ...]
    fixes: tuple[Fix, ...]
    proven: bool
    source: str
    confidence: Literal["A", "B", "C"]
    inferred: bool = False
    affected_text: str = ""
    unfixed: tuple[Annotated[Line, msgspec.Meta(min_length=1)], ...] = ()
    without: tuple[Annotated[Line, msgspec.Meta(min_length=1)], ...] = ()
    condition: Condition | None = None
    condition_text: str = ""
    undone_by: Condition | None = None
    mitigations: tuple[Mitigation, ...] = ()
    cvss: float | None = None
    cvss_proven: bool = False
    vector: Vector = ""
    rating: Literal["low", "medium", "high"] | None = None
    cwe: str = ""
    published: date | None = None
    exploited: bool = False
    listed: date | None = None
    note: str = ""

    @property
    def reachable(self) -> bool:
        """Say whether nobody has to log in to use the hole."""
        return self.access == "anyone"


class Advisories(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole catalog, and the day of its facts."""

    generated: date
    rows: tuple[Advisory, ...]


class Active(msgspec.Struct, frozen=True):
    """The advisories that count; shipped ones have the serial number 0.

    `trouble` says why another catalog that was there is not used, `taken` are the ids
    of the signed catalog among the rows.
    """

    advisories: Advisories
    serial: int = 0
    trouble: str = ""
    taken: frozenset[str] = frozenset()


@cache
def advisories() -> Advisories:
    """Return every row, validated."""
    content = (files("zmward.catalog") / "advisories.json").read_bytes()
    return msgspec.json.decode(content, type=Advisories)
