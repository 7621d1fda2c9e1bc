"""What no record settles, a person can state; what evidence shows, nobody can."""

from datetime import date
from typing import Any

import msgspec
import pytest

from tests.patches.cases import cases, facts_of
from zmward.catalog.advisories import advisories
from zmward.patches.overview import Hole, overview
from zmward.patches.standing import Standing
from zmward.profile import Attestation, Profile

UNSETTLED = "CVE-2025-48700"


# The first build of each line that gets words.
FIRST = ("8.8.15", "9.0.0", "10.0.0", "10.1.0")


def word(
    name: str, until: date = date(2027, 1, 31), builds: tuple[str, ...] = FIRST
) -> Profile:
    said = (
        Attestation(
            subject=f"hole-{name}",
            by="operations",
            on=date(2026, 1, 1),
            until=until,
            note="the vendor's support, ticket 4711",
            build=build,
        )
        for build in builds
    )
    return Profile(attestation=tuple(said))


def judged(name: str, number: int, profile: Profile) -> Hole:
    case = next(case for case in cases() if case["id"] == number)
    holes = overview(facts_of(case, profile)).holes
    return next(hole for hole in holes if hole.advisory.id == name)


def first(**wanted: Any) -> tuple[int, str]:
    """Return the first case that names an id under a word, and the id."""
    ((word, name),) = wanted.items()
    return next(
        (case["id"], one)
        for case in cases()
        for one in case.get(word, ())
        if one == name
    )


def test_a_persons_word_settles_what_no_record_does() -> None:
    number, name = first(unknown=UNSETTLED)
    assert judged(name, number, Profile()).standing is Standing.UNKNOWN
    hole = judged(name, number, word(name))
    assert hole.standing is Standing.NOT_APPLICABLE
    assert hole.reason == (
        "operations states until 2027-01-31 that it is closed here: "
        "the vendor's support, ticket 4711"
    )
    assert [one.stated for one in hole.nodes] == [True] * len(hole.nodes)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        ("", "names no build"),
        ("10.1.20", "is of 10.1.20 and newer"),
        ("9.0.0", "is of 9.0.0 and newer"),
        ("8.8.15_P99", "is of 8.8.15_P99 and newer"),
    ],
)
def test_a_word_is_of_a_build_and_the_newer_ones_of_its_line(
    build: str, said: str
) -> None:
    number, name = first(unknown=UNSETTLED)
    hole = judged(name, number, word(name, builds=(build,)))
    assert hole.standing is Standing.UNKNOWN
    assert said in hole.reason
    assert not any(one.stated for one in hole.nodes)


def test_words_of_several_builds_stand_side_by_side() -> None:
    number, name = first(unknown=UNSETTLED)
    other = word(name, date(2028, 1, 1), ("10.0.18",)).attestation
    both = Profile(attestation=(*other, *word(name).attestation))
    assert judged(name, number, both).standing is Standing.NOT_APPLICABLE


def test_only_a_word_on_a_hole_has_a_build() -> None:
    table = {"by": "me", "on": "2026-01-01", "until": "2027-01-01", "build": "10.1.20"}
    for subject in ("hole-CVE-2025-48700", "backup"):
        content = {"attestation": [table | {"subject": subject}]}
        if subject == "backup":
            with pytest.raises(msgspec.ValidationError, match="only a word on a hole"):
                msgspec.convert(content, Profile)
        else:
            assert msgspec.convert(content, Profile).attestation[0].build
    wrong = table | {"subject": "hole-CVE-2025-48700", "build": "newest"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"attestation": [wrong]}, Profile)


def test_a_word_is_no_patch_where_a_newer_build_closes_it() -> None:
    name = "CVE-2026-73570"
    case: Any = {
        "now": date(2026, 11, 21),
        "branch": "10.1",
        "node": [
            {
                "name": "mail",
                "packages": {
                    "zimbra-core": "10.1.0.GA.4655.UBUNTU22.64",
                    "zimbra-store": "10.1.0.GA.4655.UBUNTU22.64",
                    "zimbra-snmp": "10.1.0.GA.4655.UBUNTU22.64",
                    "zimbra-patch": "10.1.4.1731412800-1",
                },
                "unread": ["localconfig"],
            }
        ],
    }
    found = overview(facts_of(case, word(name))).holes
    hole = next(hole for hole in found if hole.advisory.id == name)
    assert hole.standing is Standing.UNKNOWN


def test_a_word_that_ended_settles_nothing() -> None:
    number, name = first(unknown=UNSETTLED)
    ended = word(name, until=date(2026, 2, 1))
    assert judged(name, number, ended).standing is Standing.UNKNOWN


def test_nobody_talks_an_open_hole_away() -> None:
    number, name = first(applies="CVE-2024-45519")
    hole = judged(name, number, word(name))
    assert hole.standing is Standing.APPLIES
    assert not any(one.stated for one in hole.nodes)


def test_a_word_needs_a_known_build() -> None:
    case = next(
        case
        for case in cases()
        if any("packages" in node.get("unread", ()) for node in case["node"])
    )
    name = UNSETTLED
    assert judged(name, case["id"], word(name)).standing is Standing.UNKNOWN


def test_what_to_do_is_said_where_no_newer_build_is_known() -> None:
    case = next(
        case
        for case in cases()
        if case["branch"] == "10.1" and UNSETTLED in case.get("unknown", ())
    )
    hole = judged(UNSETTLED, case["id"], Profile())
    assert hole.advice


@pytest.mark.parametrize(
    ("name", "line"),
    [(row.id, line) for row in advisories().rows for line in row.without],
)
def test_lines_without_a_hole_are_told_by_zimbras_source(name: str, line: str) -> None:
    row = next(row for row in advisories().rows if row.id == name)
    assert "Zimbra's source of zm-" in row.source
    assert f" {line}." in row.source
    assert not any(fix.line == line for fix in row.fixes)
