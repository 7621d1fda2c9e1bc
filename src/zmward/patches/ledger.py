"""The holes with their due dates: what is owed, since when, and how late it is."""

from collections.abc import Collection
from datetime import date, datetime

import msgspec

from zmward.patches.due import Due, due, known_since, next_windows, today
from zmward.patches.overview import Hole, Overview
from zmward.patches.rating import Rated, rated
from zmward.patches.standing import Standing
from zmward.profile import Patches


class Owed(msgspec.Struct, frozen=True):
    """One hole with its rating; `due` is None where it is not open, or not dated."""

    hole: Hole
    rated: Rated
    due: Due | None
    mitigated: bool = False

    @property
    def id(self) -> str:
        """Return the advisory's id."""
        return self.hole.advisory.id

    @property
    def late(self) -> int:
        """Return how many days late it is."""
        return self.due.overdue_days if self.due else 0


class Catalog(msgspec.Struct, frozen=True):
    """Where the advisories come from, and how old they are; the shipped has serial 0.

    `trouble` says why another catalog that was there is not used.
    """

    generated: date
    serial: int
    age_days: int
    most_days: int
    trouble: str = ""

    @property
    def old(self) -> bool:
        """Say whether it is older than the site allows."""
        return self.age_days > self.most_days

    @property
    def ahead(self) -> bool:
        """Say whether it is from after the time at which it is used to judge."""
        return self.age_days < 0


class Around(msgspec.Struct, frozen=True):
    """What keeps patches away: a control beside the holes that failed."""

    control: str
    title: str
    found: str


class Ledger(msgspec.Struct, frozen=True):
    """All that `zmward patches` says, worst first."""

    host: str
    when: str
    judged: date
    overview: Overview
    rows: tuple[Owed, ...]
    catalog: Catalog
    windows: tuple[date, ...]
    hosts_missing: tuple[str, ...] = ()
    around: tuple[Around, ...] = ()

    def standing(self, standing: Standing) -> tuple[Owed, ...]:
        """Return the holes that stand in one way."""
        return tuple(row for row in self.rows if row.hole.standing is standing)

    @property
    def empty(self) -> bool:
        """Say that nothing was judged: no component was found, or no advisory."""
        return not self.rows or not any(node.levels for node in self.overview.nodes)

    @property
    def clean(self) -> bool:
        """Say that everything was judged, and nothing is open."""
        found = self.open or self.unknown or self.hosts_missing
        return not self.empty and not found

    @property
    def open(self) -> tuple[Owed, ...]:
        """Return the holes that surely apply."""
        return self.standing(Standing.APPLIES)

    @property
    def unknown(self) -> tuple[Owed, ...]:
        """Return those of which it could not be found out."""
        return self.standing(Standing.UNKNOWN)

    @property
    def overdue(self) -> tuple[Owed, ...]:
        """Return what should have been closed before today, the latest first."""
        late = (row for row in self.open if row.late)
        return tuple(sorted(late, key=lambda row: -row.late))


def owed(hole: Hole, site: Patches, now: datetime, *, mitigated: bool = False) -> Owed:
    """Return one hole with its rating, and its due date where it is open."""
    advisory = hole.advisory
    rating = rated(
        *(advisory.rating, advisory.cvss),
        exploited=advisory.exploited,
        vector=advisory.vector,
    )
    if hole.standing is not Standing.APPLIES:
        return Owed(hole, rating, None)
    since = known_since(advisory.published, hole.released)
    found = due(rating, since, now, site, mitigated=mitigated)
    return Owed(hole, rating, found, mitigated)


def catalog(
    generated: date, serial: int, now: datetime, site: Patches, trouble: str = ""
) -> Catalog:
    """Return how old a catalog is at a time."""
    age = (today(now, site) - generated).days
    return Catalog(generated, serial, age, site.catalog_days, trouble)


def ledger(  # all that a report needs
    overview: Overview,
    site: Patches,
    now: datetime,
    *,
    host: str,
    when: str,
    mitigated: Collection[str] = (),
    serial: int = 0,
    trouble: str = "",
    hosts_missing: tuple[str, ...] = (),
    around: tuple[Around, ...] = (),
) -> Ledger:
    """Return the holes in their order, each with its date.

    `mitigated` are the ids against which something else helps already.
    """
    rows = (
        owed(hole, site, now, mitigated=hole.advisory.id in mitigated)
        for hole in overview.holes
    )
    return Ledger(
        host=host,
        when=when,
        judged=today(now, site),
        overview=overview,
        rows=tuple(rows),
        catalog=catalog(overview.generated, serial, now, site, trouble),
        windows=next_windows(now, site, 3),
        hosts_missing=hosts_missing,
        around=around,
    )
