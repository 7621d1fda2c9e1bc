"""A catalog is refused where a row of it could not be judged."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.patches.cases import cases, facts_of
from zmward.catalog.advisories import Advisories, Fix, Range, advisories
from zmward.patches.overview import overview
from zmward.patches.version import Version, read


@pytest.mark.parametrize(
    "fix",
    [
        {"line": "10.1"},
        {"line": "", "surely": "10.1.20"},
        {"line": "10.1", "surely": "10.1.20\n"},
        {"line": "10.1", "surely": "10.1.x"},
        {"line": "10.1\n", "surely": "10.1.20"},
        {"line": "10.1", "surely": "10.1.20", "but": "not"},
        {"line": "10.1", "surely": "10.1.99999"},
        {"line": "\u0663.\u0661", "surely": "10.1.20"},
    ],
)
def test_a_fix_that_is_none_is_refused(fix: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fix, Fix)


def test_a_range_of_everything_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({}, Range)


@given(st.text(alphabet="0189._P \n", max_size=14))
def test_whatever_is_accepted_as_a_build_is_a_version(text: str) -> None:
    try:
        fix = msgspec.convert({"line": "10.1", "surely": text}, Fix)
    except msgspec.ValidationError:
        return
    assert isinstance(read(fix.surely), Version)


def test_another_catalog_is_judged_in_place_of_ours() -> None:
    rows = advisories().rows[:3]
    found = overview(facts_of(cases()[0]), Advisories(date(2026, 12, 1), rows))
    assert {hole.advisory.id for hole in found.holes} == {row.id for row in rows}
    assert found.generated == date(2026, 12, 1)
