"""The order of versions, over all that are known and over any text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.catalog.releases import releases
from zmward.patches.version import Unknown, Version, known, of_package, read

BUILDS = tuple(build.version for build in releases().builds)
KNOWN = st.sampled_from(BUILDS).map(known)


@given(KNOWN, KNOWN)
def test_of_two_builds_one_is_older_or_they_are_one(one: Version, two: Version) -> None:
    assert (one < two) + (one > two) + (one == two) == 1


@given(KNOWN, KNOWN)
def test_none_is_older_and_newer(one: Version, two: Version) -> None:
    assert (one <= two <= one) == (one == two)
    assert (one < two) == (two > one)


@given(KNOWN, KNOWN, KNOWN)
def test_the_order_passes_on(one: Version, two: Version, three: Version) -> None:
    first, second, third = sorted((one, two, three))
    assert first <= second <= third
    assert first <= third


def test_all_known_builds_have_one_order() -> None:
    """All triples, where the drawn ones are only some."""
    versions = [known(build) for build in BUILDS]
    order = sorted(versions)
    for place, one in enumerate(order):
        assert all(one <= two for two in order[place:])
    # 9.0.0 came out as its patch 0.
    assert len(set(versions)) == len(versions) - 1


@pytest.mark.parametrize(
    "versions",
    [
        ("8.8.15_P9", "8.8.15_P10", "8.8.15_P31", "8.8.15_P31.1", "8.8.15_P32"),
        ("8.8.15", "8.8.15_P1", "9.0.0", "9.0.0_P4", "9.0.0_P40", "10.0.0"),
        ("10.0.9", "10.0.10", "10.1.0", "10.1.9", "10.1.10", "10.1.20"),
        ("8.5", "8.6.0", "8.6.0_P10", "8.7.0"),
    ],
)
def test_versions_are_ordered_by_number(versions: tuple[str, ...]) -> None:
    found = [known(version) for version in versions]
    assert found == sorted(found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("8.8.15.1586217600.p9-1.u18", "8.8.15_P9"),
        ("8.8.15.1651881600.p31.1-1.u18", "8.8.15_P31.1"),
        ("10.1.20.1783418035-2.u22", "10.1.20"),
        ("0:10.1.0_GA_4655.RHEL8_64-20240714123456", "10.1.0"),
        ("10.1.0_GA_4655.RHEL8_64_20240714123456", "10.1.0"),
        ("8.7.11_GA_1854.RHEL7_64_20170531151956", "8.7.11"),
        ("9.0.0.GA.4178.UBUNTU20.64", "9.0.0"),
    ],
)
def test_packages_say_their_version(package: str, expected: str) -> None:
    assert of_package(package) == known(expected)


@pytest.mark.parametrize(
    "package",
    [
        *(
            "10.1.SNAPSHOT-1",
            "9.0.0.1677174222-1.u20",
            "8.8.0_BETA2_1788",
            "",
            "zimbra",
        ),
        *("10.1.1789981200-1", "10.1.21rc1", "10.1.21.1789981200.dev-1", "10.1.21+git"),
    ],
)
def test_what_says_no_version_stays_a_value_of_its_own(package: str) -> None:
    assert of_package(package) == Unknown(package)


@given(st.integers(0, 2**31), st.integers(0, 2**31), st.integers(1, 9))
def test_the_time_of_a_package_decides_nothing(one: int, two: int, build: int) -> None:
    assert of_package(f"10.1.9.{one}-{build}.u22") == of_package(f"10.1.9.{two}-1.r8")


@given(st.text(max_size=60))
def test_any_text_is_a_version_or_unknown(text: str) -> None:
    for found in (read(text), of_package(text)):
        assert isinstance(found, Version) or found == Unknown(text)


@given(KNOWN)
def test_a_version_is_read_back_as_it_is_written(version: Version) -> None:
    text = re.sub(r" P", "_P", str(version))
    assert read(text) == version
