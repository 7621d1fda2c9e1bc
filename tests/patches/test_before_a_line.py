"""A hole whose end was read, before a line began, does not concern that line."""

from datetime import date
from typing import Any

import pytest

from tests.patches.made import advisory
from zmward.catalog.advisories import Fix, Range
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
