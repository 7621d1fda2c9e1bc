"""The order of the holes, the steps that close them, and evidence that lies."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.patches.cases import Case, cases, facts_of
from tests.patches.made import advisory
from zmward.catalog.advisories import Advisories, Fix, advisories
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing
from zmward.facts import Facts
from zmward.i18n import spoken
from zmward.patches.overview import EVIDENCE, Overview, overview, shared
from zmward.patches.standing import Standing
from zmward.profile import Profile

WHEN = "2026-11-21T12:00:00+00:00"
PASSES = {Standing.FIXED, Standing.NOT_APPLICABLE}


def case(number: int) -> Case:
    return next(one for one in cases() if one["id"] == number)


def of(number: int) -> Overview:
    return overview(facts_of(case(number)))


def test_what_applies_and_is_used_comes_first() -> None:
    found = of(91)  # 10.1.19 with the SNMP notifier on
    assert found.open[0].advisory.id == "CVE-2026-73570"
    ranks = [list(Standing).index(hole.standing) for hole in found.holes]
    assert ranks == sorted(ranks)
    used = [hole.advisory.exploited for hole in found.open]
    assert used == sorted(used, reverse=True)


def test_every_advisory_is_judged_once() -> None:
    ids = [hole.advisory.id for hole in of(91).holes]
    assert sorted(ids) == sorted(row.id for row in advisories().rows)


def test_the_step_that_closes_the_most_comes_first() -> None:
    found = of(9)  # 8.8.15 as released
    closed = [len(step.closes) for step in found.steps]
    assert closed == sorted(closed, reverse=True)
    first = found.steps[0]
    assert first.version == "8.8.15 P47"
    opened = {hole.advisory.id for hole in found.open}
    for step in found.steps:
        assert {*step.closes, *step.perhaps, *step.leaves} == opened
    assert {step.version for step in found.steps} == {"8.8.15 P47", "10.1.21"}


def test_an_unproven_fix_closes_nothing_for_sure() -> None:
    step = of(87).steps[0]  # 10.1.20
    assert "CVE-2026-93639" in step.perhaps
    assert "CVE-2026-93636" in step.leaves


def test_a_dead_line_is_told_to_leave() -> None:
    hole = next(h for h in of(19).holes if h.advisory.id == "CVE-2025-48700")
    assert "plan the move to 10.1" in spoken(hole.advice)
    assert "P47" not in spoken(hole.advice)  # it is there already


def test_a_remedy_is_named_where_a_fix_is_out() -> None:
    holes = {hole.advisory.id: hole for hole in of(87).holes}
    assert holes["CVE-2026-93647"].remedy == "10.1.21"
    assert holes["CVE-2026-93639"].fix == ""
    assert holes["CVE-2026-93639"].remedy == "10.1.21"
    assert holes["CVE-2026-93636"].remedy == ""
    dead = {hole.advisory.id: hole for hole in of(52).holes}
    assert dead["CVE-2026-73570"].remedy == "10.1.20"


def test_of_nodes_on_two_lines_the_one_with_a_fix_tells_the_day() -> None:
    row = advisory(
        1,
        published=date(2024, 10, 2),
        unfixed=("8.8.15",),
        fixes=(Fix("10.1", "10.1.1", "10.1.1"),),
    )
    old = {"zimbra-core": "8.8.15.GA.3869.UBUNTU18.64", "zimbra-store": "8.8.15"}
    new = {"zimbra-core": "10.1.0.GA.4655.UBUNTU22.64", "zimbra-store": "10.1.0"}
    node = {"roles": ["store"], "edition": "FOSS"}
    two: Case = {
        "now": date(2026, 11, 21),
        "node": [
            {**node, "name": "old", "packages": old},
            {**node, "name": "new", "packages": new},
        ],
    }
    (hole,) = overview(facts_of(two), Advisories(date(2026, 11, 21), (row,))).holes
    assert [one.standing for one in hole.nodes] == [Standing.APPLIES] * 2
    assert (hole.fix, hole.released) == ("10.1.1", date(2024, 9, 4))


def test_no_build_closes_a_hole_whose_fix_is_taken_back() -> None:
    found = of(73)  # 10.1.21 with the dangerous key on
    hole = next(h for h in found.holes if h.advisory.id == "CVE-2024-9665")
    assert hole.standing is Standing.APPLIES
    assert hole.remedy == ""
    assert hole.advisory.mitigations
    assert not any(hole.advisory.id in step.closes for step in found.steps)


def test_the_shared_overview_is_worked_out_once() -> None:
    facts = facts_of(case(91))
    assert shared(facts) is shared(facts)


def test_the_judging_reads_what_it_names() -> None:
    for one in cases():
        facts = facts_of(one)
        overview(facts)
        assert facts.used <= {source.name for source in EVIDENCE}


def _without(one: Case, name: str) -> Facts:
    facts = facts_of(one)
    answers: dict[str, Mapping[str, Any]] = {
        host: {
            key: Missing("gone") if key == name else value for key, value in a.items()
        }
        for host, a in facts.evidence.answers.items()
    }
    return Facts(Evidence(WHEN, answers), facts.profile, facts.now)


@pytest.mark.parametrize("name", [source.name for source in EVIDENCE])
def test_a_missing_answer_never_closes_an_open_hole(name: str) -> None:
    for number in (9, 22, 33, 48, 67, 69, 91, 99, 102, 106, 116, 120, 121):
        before = {hole.advisory.id for hole in of(number).open}
        after = overview(_without(case(number), name))
        closed = {hole.advisory.id for hole in after.holes if hole.standing in PASSES}
        assert not before & closed, name


def test_nothing_seen_is_unknown() -> None:
    evidence = Evidence(WHEN, {"mail": {}, DIRECTORY: {}})
    found = overview(Facts(evidence, Profile(), facts_of(case(1)).now))
    assert {hole.standing for hole in found.holes} == {Standing.UNKNOWN}
    assert found.steps == ()


WORDS = st.sampled_from(
    (
        *("ii ", "iU ", "iH ", "zimbra-core ", "zimbra-store ", "zimbra-patch ", "a "),
        *("10.1.20.1783418035-2", "8.8.15.GA.1", "9.0.0.1.p", "\x1b", "_P", "\n"),
    )
)


@settings(max_examples=60)
@given(st.lists(WORDS, max_size=30).map("".join), st.lists(WORDS).map("".join))
def test_noise_in_place_of_answers_is_judged(packages: str, history: str) -> None:
    answers = {"packages": Answer(packages), "install-history": Answer(history)}
    answers["zmcontrol-release"] = Answer(history)
    evidence = Evidence(WHEN, {"mail": answers, DIRECTORY: {}})
    found = overview(Facts(evidence, Profile(), facts_of(case(1)).now))
    assert len(found.holes) == len(advisories().rows)


@pytest.mark.parametrize(
    ("packages", "said"),
    [
        (("11.0.0.GA.5000.UBUNTU24.64", "11.0.2.1789981200-1"), "take a newer zmward"),
        (("8.0.2_GA_5569.RHEL6_64", ""), "plan the move to 10.1"),
        (("nonsense", "weird-1"), "Find out which build mail has: "),
        (None, "Find out which build mail has: not read"),
    ],
)
def test_what_to_do_fits_what_is_installed(
    packages: tuple[str, str] | None, said: str
) -> None:
    answer: Answer | Missing = Missing("not read")
    if packages:
        core, patch = packages
        lines = f"ii zimbra-core {core}\nii zimbra-store {core}\n"
        answer = Answer(lines + (f"ii zimbra-patch {patch}\n" if patch else ""))
    diary = Answer("1: INSTALL SESSION START\n2: INSTALL SESSION COMPLETE\n")
    answers = {"packages": answer, "install-history": diary}
    evidence = Evidence(WHEN, {"mail": answers, DIRECTORY: {}})
    found = overview(Facts(evidence, Profile(), facts_of(case(1)).now))
    hole = next(h for h in found.holes if h.advisory.id == "CVE-2025-48700")
    assert hole.standing is Standing.UNKNOWN
    assert said in spoken(hole.advice)
