"""Versions as packages, the diary and zmcontrol write them, as levels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.catalog.level import branch, fixed, level, text


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("10.1.21.1789981200-1", (10, 1, 21)),
        ("10.1.0.GA.4655.UBUNTU22.64", (10, 1, 0)),
        ("0:10.0.0_GA_4518.RHEL8_64-20230301065624", (10, 0, 0)),
        ("8.8.15_P45", (8, 8, 15, 45, 0)),
        ("8.8.15_P31.1", (8, 8, 15, 31, 1)),
        ("9.0.0.1723000000.p41-2.u20", (9, 0, 0, 41, 0)),
        ("8.8.15.GA.3869.UBUNTU18.64", (8, 8, 15, 0, 0)),
        ("9.0.0.1677174222-1.u20", None),
        ("8.8.15.1677174222.p12345-1", None),
        ("8.8.15.1677174222.p31.12345-1", None),
        (f"9.0.0.1.p{'9' * 5000}-1", None),
        ("not a version", None),
        ("", None),
    ],
)
def test_levels_are_read(version: str, expected: tuple[int, ...] | None) -> None:
    assert level(version) == expected


def test_levels_are_written_for_people() -> None:
    assert text((10, 1, 21)) == "10.1.21"
    assert text((8, 8, 15, 31, 1)) == "8.8.15 patch 31.1"
    assert branch((9, 0, 0, 41, 0)) == "9.0"


def test_a_fix_counts_within_its_branch() -> None:
    fixes = ((8, 8, 15, 46, 0), (10, 0, 9), (10, 1, 1))
    assert fixed((10, 1, 1), fixes) is True
    assert fixed((10, 0, 8), fixes) is False
    assert fixed((10, 2, 0), fixes) is True
    assert fixed((9, 0, 0, 46, 0), fixes) is None


@given(st.text(max_size=40))
def test_any_text_has_a_level_or_none(version: str) -> None:
    found = level(version)
    assert found is None or len(found) in (3, 5)
