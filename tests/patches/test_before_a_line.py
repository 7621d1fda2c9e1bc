"""A hole whose end was read, before a line began, does not concern that line."""

from datetime import date
from typing import Any

import pytest

from tests.patches.made import advisory
from zmward.catalog.advisories import Fix, Range, advisories
from zmward.patches.standing import Standing, verdict
from zmward.patches.version import known

# 10.1 is of July 2024; the fix itself was not read.
OLD: dict[str, Any] = {
    "affected": (Range(before="8.8.7"),),
    "fixes": (Fix("8.8", "8.8.7", "8.8.7"),),
    "proven": False,
    "published": date(2018, 3, 27),
}


@pytest.mark.parametrize(
    ("more", "standing"),
    [
        ({}, Standing.NOT_APPLICABLE),
        ({"confidence": "B"}, Standing.UNKNOWN),
        ({"confidence": "C"}, Standing.UNKNOWN),
        ({"affected": (Range(last="8.8.6"),)}, Standing.UNKNOWN),
        ({"affected": (Range(before="8.8.7"), Range(line="9.0"))}, Standing.UNKNOWN),
        ({"affected": ()}, Standing.UNKNOWN),
        ({"published": None}, Standing.UNKNOWN),
        ({"published": date(2026, 3, 27)}, Standing.UNKNOWN),
        ({"affected": (Range(last="8.8.6"),), "proven": True}, Standing.NOT_APPLICABLE),
        (
            {"affected": (Range(last="8.8.6"),), "proven": True, "inferred": True},
            Standing.UNKNOWN,
        ),
    ],
)
def test_an_end_counts_where_it_was_read(
    more: dict[str, Any], standing: Standing
) -> None:
    found = verdict(advisory(1, **OLD | more), known("10.1.5"))
    assert found.standing is standing, found.reason


@pytest.mark.parametrize("name", ["CVE-2019-6980", "CVE-2019-6981"])
def test_the_last_affected_build_is_no_end_that_was_read(name: str) -> None:
    """Their record says 8.7.x - 8.8.11, and what fixed them is only recalled."""
    row = next(row for row in advisories().rows if row.id == name)
    for version in ("8.8.15", "8.8.15_P46", "9.0.0", "10.1.21"):
        assert verdict(row, known(version)).standing is Standing.UNKNOWN
    assert verdict(row, known("8.8.11_P3")).standing is Standing.UNKNOWN


def test_an_end_that_a_text_states_counts() -> None:
    """Tenable's text says of it: 8.0.2 Patch 1 or later."""
    row = next(row for row in advisories().rows if row.id == "CVE-2013-7091")
    assert verdict(row, known("10.1.21")).standing is Standing.NOT_APPLICABLE
    assert verdict(row, known("8.0.6")).standing is Standing.UNKNOWN
