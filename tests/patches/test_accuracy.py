"""Every installed state of the table is judged as somebody else said before."""

from datetime import date

import msgspec
import pytest

from tests.patches.cases import Case, cases, facts_of
from zmward.patches.ledger import Owed, ledger
from zmward.patches.overview import Overview, overview
from zmward.patches.standing import Standing
from zmward.profile import Patches, Weekday, Window

WORDS = ("applies", "fixed", "not_applicable", "unknown")
NOT_PASS = {Standing.APPLIES, Standing.UNKNOWN}


def each(*words: str) -> pytest.MarkDecorator:
    """Return every case that says something of one of the words, or every case."""
    chosen = [case for case in cases() if not words or set(words) & set(case)]
    return pytest.mark.parametrize(
        "case", chosen, ids=lambda case: f"{case['id']:03} {case['name']}"
    )


def _standings(found: Overview) -> dict[str, Standing]:
    return {hole.advisory.id: hole.standing for hole in found.holes}


def _surplus(case: Case, found: dict[str, Standing]) -> set[str]:
    """Return what applies though a complete case does not name it."""
    if not case.get("complete"):
        return set()
    allowed = {*case.get("applies", ()), *case.get("not_pass", ())}
    allowed |= set(case.get("may_apply", ()))
    return {i for i, said in found.items() if said is Standing.APPLIES} - allowed


@each()
def test_a_state_is_judged_as_the_table_says(case: Case) -> None:
    found = overview(facts_of(case))
    said = _standings(found)
    reasons = {hole.advisory.id: hole.reason for hole in found.holes}
    wrong = {
        f"{one} is {said[one]} ({reasons[one]}), not {word}"
        for word in WORDS
        for one in case.get(word, ())
        if said[one] != word
    }
    wrong |= {
        f"{one} is {said[one]} ({reasons[one]})"
        for one in case.get("not_pass", ())
        if said[one] not in NOT_PASS
    }
    wrong |= {
        f"{one} applies ({reasons[one]})"
        for one in case.get("not_applies", ())
        if said[one] is Standing.APPLIES
    }
    assert not wrong
    assert not _surplus(case, said)


@each("per_node")
def test_a_node_is_judged_for_itself(case: Case) -> None:
    holes = {hole.advisory.id: hole for hole in overview(facts_of(case)).holes}
    for name, expected in case["per_node"].items():
        standing, one = expected.split()
        by_node = {found.node: found.standing for found in holes[one].nodes}
        assert by_node[name] == standing


@each("never")
def test_ids_of_other_products_never_appear(case: Case) -> None:
    text = msgspec.json.encode(overview(facts_of(case))).decode()
    assert not [one for one in case["never"] if one in text]


def test_the_table_is_large_and_reaches_every_line() -> None:
    lines = {case["branch"] for case in cases()}
    assert len(cases()) >= 60  # so many were asked for
    assert {"8.8.15", "9.0.0", "10.0", "10.1"} <= lines


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table's window, whose words are those of the profile."""

    weekday: Weekday
    nth: int
    time: str


class Calendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table's calendar, whose words are those of the profile."""

    time_zone: str = "UTC"
    working_days: tuple[Weekday, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri")
    business_day_ends: str = "17:00"
    maintenance_window: Times = Times("Sat", 3, "22:00")
    holidays: tuple[date, ...] = ()

    def patches(self) -> Patches:
        window = self.maintenance_window
        return Patches(
            time_zone=self.time_zone,
            working_days=self.working_days,
            business_day_ends=self.business_day_ends,
            maintenance_window=Window(window.weekday, window.nth, window.time),
            holidays=self.holidays,
        )


def _owed(case: Case) -> dict[str, Owed]:
    """Return what is owed under the case's calendar, at its time."""
    site = msgspec.convert(case.get("profile", {}), Calendar).patches()
    facts = facts_of(case)
    found = ledger(
        overview(facts),
        site,
        facts.now,
        host="mail",
        when=facts.evidence.when,
        mitigated=case.get("mitigated", ()),
    )
    return {row.id: row for row in found.rows}


@each("due", "no_due")
def test_a_hole_is_due_when_the_table_says(case: Case) -> None:
    found = _owed(case)
    ratings = {one: found[one].rated.rating for one in case.get("rating", {})}
    assert ratings == case.get("rating", {})
    dues = {
        one: found[one].due for one in (*case.get("due", {}), *case.get("no_due", ()))
    }
    assert {one: said.day for one, said in dues.items() if said} == case.get("due", {})
    late = {one: found[one].late for one in case.get("overdue", {})}
    assert late == case.get("overdue", {})
