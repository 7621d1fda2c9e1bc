"""Ports as ranges, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.scan.spans import LAST, numbers, spans

PORTS = st.frozensets(st.integers(1, LAST), min_size=1, max_size=60)


@given(PORTS)
def test_ranges_read_back_as_what_they_were(ports: frozenset[int]) -> None:
    assert numbers(spans(ports)) == tuple(sorted(ports))


@pytest.mark.parametrize(
    "words", ["", "0", "65536", "9-1", "a", "1-", "-1", "1,,2", "1-2-3", "٣"]
)
def test_what_is_no_port_is_named(words: str) -> None:
    with pytest.raises(ValueError, match="is no port"):
        numbers(words)
