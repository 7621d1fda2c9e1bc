"""What is owed: dates only for what is surely open, and a catalog's age."""

from datetime import UTC, date, datetime

from tests.patches import made as of
from zmward.patches.rating import Basis, Rating
from zmward.patches.standing import Standing
from zmward.profile import Patches


def test_only_what_is_surely_open_has_a_date() -> None:
    found = {row.id: row.due for row in of.made().rows}
    assert found["CVE-2026-73570"] is not None
    for closed in (of.UNKNOWN, of.FIXED, of.ABSENT, of.UNMET):
        assert found[closed.advisory.id] is None


def test_known_exploitation_is_at_once_since_the_later_of_both_days() -> None:
    row = of.made((of.EXPLOITED,)).rows[0]
    assert (row.rated.rating, row.rated.basis) == (Rating.HIGH, Basis.EXPLOITED)
    assert row.due is not None
    assert (row.due.day, row.late) == (date(2026, 8, 13), 100)


def test_a_mitigation_moves_it_to_the_end_of_the_business_day() -> None:
    row = of.made((of.EXPLOITED,), mitigated={"CVE-2026-73570"}).rows[0]
    assert row.due is not None
    assert row.due.at is not None


def test_the_latest_debt_comes_first_among_the_overdue() -> None:
    late = of.made().overdue
    assert [row.late for row in late] == sorted((r.late for r in late), reverse=True)
    assert all(row.hole.standing is Standing.APPLIES for row in late)
    assert of.made(now=datetime(2026, 8, 13, tzinfo=UTC)).overdue == ()


def test_a_catalog_is_old_after_the_days_that_the_site_allows() -> None:
    later = datetime(2027, 1, 6, 12, tzinfo=UTC)
    found = of.made(now=later).catalog
    assert (found.age_days, found.old, found.ahead) == (46, True, False)
    assert not of.made(now=later, site=Patches(catalog_days=46)).catalog.old


def test_a_catalog_from_after_the_judged_day_is_told() -> None:
    found = of.made(now=datetime(2026, 11, 1, tzinfo=UTC)).catalog
    assert (found.ahead, found.old) == (True, False)
