"""What zmcontrol says against packages and diary is doubt, and never comfort."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.patches.made import advisory
from zmward.catalog.advisories import Fix
from zmward.catalog.releases import releases
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed
from zmward.facts import Facts
from zmward.i18n import spoken
from zmward.patches.installed import Installed, installed
from zmward.patches.overview import overview
from zmward.patches.standing import CLOSED, Standing, on_node
from zmward.patches.told import contradicted
from zmward.patches.version import known
from zmward.profile import Profile
from zmward.sources.directory import Entry
from zmward.sources.zmcontrol import Release

NODE = "mail"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CORE = "10.1.0.GA.4655.UBUNTU22.64"
NEWEST = "10.1.21.1789981200-1"
BEGIN = "1: INSTALL SESSION START\n2: INSTALL SESSION COMPLETE\n"
FIXED = advisory(1)  # in 10.1.20


def facts(
    shown: str | None, patch: str = NEWEST, core: str = CORE, diary: str = ""
) -> Facts:
    packages = f"ii zimbra-core {core}\nii zimbra-store {core}\n"
    answers: dict[str, Any] = {
        "packages": Answer(packages + (f"ii zimbra-patch {patch}\n" if patch else "")),
        "install-history": Answer(BEGIN + diary),
        "zmcontrol-release": Answer(shown) if shown is not None else Missing("silent"),
    }
    given = {NODE: answers, DIRECTORY: {}}
    return Facts(Evidence(NOW.isoformat(), given), Profile(), NOW)


def other(found: Facts, packages: Any, directory: Any = None) -> Facts:
    """Return the same facts with another answer of the package manager."""
    answers = {**found.evidence.answers[NODE], "packages": packages}
    given: dict[str, Any] = {NODE: answers, DIRECTORY: directory or {}}
    return Facts(Evidence(NOW.isoformat(), given), Profile(), NOW)


def node(found: Facts) -> Installed:
    one = installed(found, NODE)
    assert one is not None
    return one


def standing(found: Facts, row: Any = FIXED) -> Standing:
    judged = on_node(row, node(found), found)
    assert judged is not None
    return judged.standing


def line(version: str, edition: str = "FOSS", patch: str = "") -> str:
    more = f", Patch {patch}" if patch else ""
    return f"Release {version}.GA.4655.UBUNTU22_64 {edition} edition{more}.\n"


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "Run as the zimbra user!\n",
        line("10.1.21"),
        line("10.1.0"),  # what the installer left, without a word of patches
        line("10.1.0", patch="10.1.21.1789981200"),
        line("10.1.21", patch="10.1.21_P4"),
    ],
)
def test_silence_and_agreement_change_nothing(shown: str | None) -> None:
    found = facts(shown)
    assert standing(found) is Standing.FIXED
    assert not node(found).doubts
    assert node(found).parts == node(facts(None)).parts


@pytest.mark.parametrize("shown", [line("10.1.9"), line("9.0.0"), line("8.8.15")])
def test_another_level_makes_what_looks_closed_doubtful(shown: str) -> None:
    found = facts(shown)
    judged = on_node(FIXED, node(found), found)
    assert judged is not None
    assert judged.standing is Standing.UNKNOWN
    assert "zmcontrol says" in judged.reason
    assert not judged.latest
    assert len(node(found).doubts) == 1


def test_another_level_that_is_closed_too_changes_no_verdict_but_is_told() -> None:
    found = facts(line("10.1.20"))
    assert standing(found) is Standing.FIXED
    assert "10.1.20" in node(found).doubts[0].by()


@pytest.mark.parametrize("shown", [line("10.1.21"), line("10.2.0"), line("99.0.0")])
def test_a_higher_level_makes_nothing_better(shown: str) -> None:
    found = facts(shown, patch="10.1.9.1752000000-1")
    assert standing(found) is Standing.APPLIES
    assert node(found).doubts


VERSIONS = st.sampled_from([build.version for build in releases().builds])


def package(version: str) -> str:
    """Return a version of the catalog as a package of patches has it."""
    release, _, patch = version.partition("_")
    return f"{release}.1752000000{f'.{patch.lower()}' if patch else ''}-1"


@given(core=VERSIONS, patch=VERSIONS, said=VERSIONS, behind=st.booleans())
def test_no_word_of_it_makes_any_verdict_better(
    core: str, patch: str, said: str, *, behind: bool
) -> None:
    base, _, _ = core.partition("_")
    release, _, number = said.partition("_")
    shown = line(release, patch=f"{release}_{number}" if number and behind else "")
    order = list(Standing)
    rows = (
        FIXED,
        advisory(2, fixes=(Fix("9.0", "9.0.0_P24", "9.0.0_P24"),)),
        advisory(3, fixes=(), without=("10.0",)),
        advisory(4, unfixed=("8.8.15",)),
    )
    for row in rows:
        alone = facts(None, package(patch), f"{base}.GA.4178.UBUNTU20.64")
        both = facts(shown, package(patch), f"{base}.GA.4178.UBUNTU20.64")
        one, two = standing(alone, row), standing(both, row)
        assert order.index(two) <= order.index(one)
        assert one in CLOSED or one is two


def test_a_persons_word_settles_nothing_while_the_build_is_in_doubt() -> None:
    found = facts(line("10.1.9"))
    assert not any(one.stated for hole in overview(found).holes for one in hole.nodes)
    assert any("10.1.9" in spoken(note) for note in overview(found).nodes[0].notes)


@pytest.mark.parametrize(
    ("shown", "seen", "expected"),
    [
        # It leaves out the update of a patch, and may write the patch third.
        ("9.0.0_P24", "9.0.0_P24.1", False),
        ("8.8.15_P31.1", "8.8.15_P31.1", False),
        ("8.8.15_P31.1", "8.8.15_P31", True),
        ("8.8.15_P32", "8.8.15_P31", True),
        ("8.8.45", "8.8.15_P45", False),
        ("8.8.44", "8.8.15_P45", True),
        ("9.0.41", "8.8.15_P41", True),
        ("10.1.9", "10.1.9", False),
        ("10.1.9", "10.1.10", True),
        ("10.1.9", "no version", False),
        ("unknown", "10.1.9", False),
    ],
)
def test_levels_are_compared_as_zmcontrol_writes_them(
    shown: str, seen: str, *, expected: bool
) -> None:
    said = Release(f"{shown}.GA.1", patch=shown if "_" in shown else "")
    assert (contradicted(said, (seen,)) is not None) is expected


def test_what_the_diary_says_is_no_news() -> None:
    found = facts(line("10.1.22"), diary="3: CONFIGURED mta-patch 10.1.22.1-1\n")
    assert not node(found).doubts


def test_a_half_done_patch_may_be_shown() -> None:
    found = facts(line("10.1.21"), patch="")
    text = found.evidence.answers[NODE]["packages"]
    assert isinstance(text, Answer)
    half = other(found, Answer(f"{text.text}iF zimbra-patch {NEWEST}\n"))
    assert not node(half).doubts
    assert standing(half) is Standing.UNKNOWN


@pytest.mark.parametrize(
    ("stored", "shown", "edition", "doubts"),
    [
        ("FOSS", "FOSS", "FOSS", 0),
        ("", "NETWORK", "NETWORK", 0),
        ("FOSS", "", "FOSS", 0),
        ("FOSS", "NETWORK", "", 1),
    ],
)
@pytest.mark.parametrize("silent", [False, True])
def test_the_edition_is_shown_unless_it_is_in_doubt(
    stored: str, shown: str, edition: str, doubts: int, *, silent: bool
) -> None:
    found = facts(line("10.1.21", shown) if shown else None)
    server = Entry("server", NODE, "", {"zimbraserverversiontype": (stored,)})
    packages = found.evidence.answers[NODE]["packages"]
    answer = Missing("no answer") if silent else packages
    one = node(other(found, answer, {"ldap-servers": Parsed((server,))}))
    assert (one.edition, len(one.doubts)) == (edition, doubts)
    assert one.seen is not silent


def test_without_packages_it_proves_no_level() -> None:
    silent = other(facts(line("10.1.21")), Missing("no answer"))
    assert not any(part.versions for part in node(silent).parts)


def test_all_components_together_share_the_doubt() -> None:
    found = facts(line("10.1.9"))
    core = node(found).part("core")
    assert core is not None
    assert core.rival == known("10.1.9")
