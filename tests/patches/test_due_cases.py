"""Every due date, rating and day late of the table comes out as it was foreseen."""

from datetime import date, datetime, time
from typing import Any

import msgspec
import pytest

from tests.patches.cases import Case, cases, facts_of
from tests.patches.cases import moment as noon
from zmward.patches.ledger import Ledger, ledger
from zmward.patches.overview import overview
from zmward.profile import Patches

DATED = tuple(
    case
    for case in cases()
    if any(case.get(key) for key in ("due", "overdue", "rating", "no_due"))
)


def calendar(case: Case) -> Patches:
    table: dict[str, Any] = case.get("profile", {})
    renamed = {name.replace("_", "-"): value for name, value in table.items()}
    return msgspec.convert(renamed, Patches)


def now(case: Case, site: Patches) -> datetime:
    said = case["now"]
    if isinstance(said, date) and not isinstance(said, datetime):
        return datetime.combine(said, time(12), site.zone)
    return noon(case)


def judged(case: Case) -> Ledger:
    site = calendar(case)
    return ledger(
        overview(facts_of(case)),
        site,
        now(case, site),
        host="site",
        when="",
        mitigated=frozenset(case.get("mitigated", ())),
    )


def test_the_table_has_dates_to_keep() -> None:
    assert len(DATED) >= 35


@pytest.mark.parametrize("case", DATED, ids=lambda c: f"{c['id']:03} {c['name']}")
def test_a_date_is_as_the_table_says(case: Case) -> None:
    rows = {row.id: row for row in judged(case).rows}
    found: dict[str, dict[str, Any]] = {"due": {}, "overdue": {}, "rating": {}}
    for one in {*case.get("due", ()), *case.get("overdue", ())}:
        due = rows[one].due
        assert due is not None, one
        found["due"][one], found["overdue"][one] = due.day, due.overdue_days
    for one in case.get("rating", ()):
        found["rating"][one] = rows[one].rated.rating.value
    for key, values in found.items():
        wanted = case.get(key, {})
        assert {one: values.get(one) for one in wanted} == dict(wanted)
    assert [one for one in case.get("no_due", ()) if rows[one].due] == []
