"""What is installed: half-done packages, a diary that disagrees, nothing known."""

from datetime import date
from typing import Any

from tests.patches.cases import facts_of
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed
from zmward.facts import Facts
from zmward.patches.installed import At, Installed, installed
from zmward.patches.version import known
from zmward.profile import Profile
from zmward.sources.directory import Entry

NODE = "mail"
CORE = "10.1.0.GA.4655.UBUNTU22.64"
BEGIN = "1: INSTALL SESSION START\n2: INSTALL SESSION COMPLETE\n"


def found(packages: str | None, history: str | None = BEGIN) -> Installed | None:
    answers: dict[str, Any] = {
        "packages": Answer(packages) if packages else Missing("no answer"),
        "install-history": Answer(history) if history else Missing("no diary"),
    }
    evidence = Evidence("2026-11-21T12:00:00+00:00", {NODE: answers, DIRECTORY: {}})
    facts = Facts(evidence, Profile(), facts_of(CASE).now)
    return installed(facts, NODE)


CASE: Any = {"now": date(2026, 11, 21), "node": []}


def part(packages: str, history: str | None = BEGIN, component: Any = "store") -> At:
    node = found(packages, history)
    assert node is not None
    at = node.part(component)
    assert at is not None
    return at


def lines(*packages: str) -> str:
    return "".join(f"{package}\n" for package in packages)


STORE = (f"ii zimbra-core {CORE}", f"ii zimbra-store {CORE}")


def test_a_patch_package_says_the_level() -> None:
    at = part(lines(*STORE, "ii zimbra-patch 10.1.20.1783418035-2"))
    assert at.versions == (known("10.1.20"),)
    assert not at.doubt


def test_a_component_without_a_patch_is_as_installed() -> None:
    assert part(lines(*STORE)).versions == (known("10.1.0"),)


def test_a_half_done_patch_leaves_both_levels() -> None:
    for state in ("iU", "iF", "iH"):
        at = part(lines(*STORE, f"{state} zimbra-patch 10.1.21.1789900000-1"))
        assert at.versions == (known("10.1.0"), known("10.1.21"))
        assert at.doubt


def test_a_removed_patch_is_none() -> None:
    at = part(lines(*STORE, "rc zimbra-patch 10.1.21.1789900000-1"))
    assert at.versions == (known("10.1.0"),)


def test_a_removed_patch_of_an_old_line_is_not_told_by_the_diary() -> None:
    core = "8.8.15.GA.3869.UBUNTU18.64"
    removed = lines(f"ii zimbra-core {core}", f"ii zimbra-store {core}")
    diary = f"{BEGIN}3: CONFIGURED patch 8.8.15.1731369600.p46-1\n"
    both = (known("8.8.15"), known("8.8.15_P46"))
    assert part(removed, diary).versions == both


def test_a_patch_that_is_there_twice_leaves_both_levels() -> None:
    two = ("ii zimbra-patch 10.1.21.1789900000-1", "ii zimbra-patch 10.1.9.1752-1")
    for order in (two, two[::-1]):
        at = part(lines(*STORE, *order))
        assert at.versions[0] == known("10.1.0")
        assert len(at.versions) > 1
        assert at.doubt
        assert "twice" in at.doubt.by()
    other = f"ii zimbra-core {CORE.replace('10.1.0', '10.1.21')}"
    assert part(lines(*STORE, other)).versions == ()


def test_a_diary_that_disagrees_leaves_both_levels() -> None:
    diary = f"{BEGIN}3: CONFIGURED patch 10.1.21.1789900000\n"
    packages = lines(*STORE, "ii zimbra-patch 10.1.16.1773100000-1")
    assert part(packages, diary).versions == (known("10.1.16"), known("10.1.21"))
    # The package of the patch is gone, the diary still tells of it.
    both = (known("10.1.0"), known("10.1.21"))
    assert part(lines(*STORE), diary).versions == both
    mta = (*STORE, "ii zimbra-mta-patch 10.1.21.1789900000-1")
    assert part(lines(*mta), diary).versions == both


def test_a_package_that_does_not_say_its_patch_is_told_by_the_diary() -> None:
    core = "9.0.0.GA.4178.UBUNTU20.64"
    nine = (f"ii zimbra-core {core}", f"ii zimbra-mta {core}")
    packages = lines(*nine, "ii zimbra-mta-patch 9.0.0.1677174222-1.u20")
    diary = f"{BEGIN}3: CONFIGURED mta-patch 9.0.0_P30\n"
    assert part(packages, diary, "mta").versions == (known("9.0.0_P30"),)
    other = f"{BEGIN}3: CONFIGURED mta-patch 8.8.15_P30\n"
    assert part(packages, other, "mta").versions == ()
    assert part(packages, BEGIN, "mta").versions == ()


def test_before_patches_were_packages_the_diary_alone_knows() -> None:
    core = "8.7.11_GA_1854.RHEL7_64_20170531151956"
    old = lines(f"ii zimbra-core {core}", f"ii zimbra-store {core}")
    diary = f"{BEGIN}3: CONFIGURED patch 8.7.11_P9\n"
    assert part(old, diary).versions == (known("8.7.11_P9"),)
    assert part(old, BEGIN).versions == (known("8.7.11"),)
    assert part(old, None).versions == ()


def test_all_components_together_are_in_doubt_where_they_differ() -> None:
    at = part(
        lines(
            *STORE,
            f"ii zimbra-mta {CORE}",
            "ii zimbra-patch 10.1.20.1783418035-2",
            "ii zimbra-mta-patch 10.1.16.1773100000-1",
        ),
        component="core",
    )
    assert at.versions == (known("10.1.16"), known("10.1.20"))


def test_one_unknown_component_makes_all_together_unknown() -> None:
    packages = (*STORE, f"ii zimbra-mta {CORE}", "ii zimbra-patch 10.1.SNAPSHOT-1")
    assert part(lines(*packages), component="core").versions == ()


def test_a_host_without_zimbra_is_no_node() -> None:
    assert found("ii bash 5.2\n") is None


def test_a_part_that_the_directory_enables_and_no_package_brings_is_not_known() -> None:
    def parts(*packages: str) -> dict[str, tuple[object, ...]]:
        server = Entry("server", NODE, "", {"zimbraserviceenabled": ("mta", "stats")})
        answers: dict[str, dict[str, Answer | Parsed]] = {
            NODE: {"packages": Answer(lines(*packages))},
            DIRECTORY: {"ldap-servers": Parsed((server,))},
        }
        evidence = Evidence("2026-11-21T12:00:00+00:00", answers)
        facts = Facts(evidence, Profile(), facts_of(CASE).now)
        node = installed(facts, NODE)
        assert node is not None
        return {one.component: one.versions for one in node.parts}

    assert parts(*STORE) == {"store": (known("10.1.0"),), "mta": ()}
    assert parts("ii bash 5.2") == {"mta": ()}


def test_without_packages_no_level_is_known() -> None:
    node = found(None)
    assert node is not None
    assert not node.seen
    assert len(node.parts) == 4
    assert not any(one.versions for one in node.parts)


def test_builds_of_others_are_named_without_judging() -> None:
    own = lines("ii zimbra-core 10.0.9.GA.4200001.UBUNTU20_64", "ii zimbra-store 1")
    node, vendors = found(own), found(lines(*STORE))
    assert node is not None
    assert vendors is not None
    assert "4200001" in node.origin
    assert node.parts[0].versions == (known("10.0.9"),)
    assert vendors.origin == "numbered as the vendor's builds are"
