"""Sets of ranges behave like sets of numbers."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.firewall.carried import Carried
from zmward.firewall.ranges import (
    BadAddress,
    Ranges,
    everything,
    network,
    networks,
    ranges,
    single,
    spelled,
    written,
)

LARGEST = 60
PAIRS = st.lists(
    st.tuples(st.integers(0, LARGEST), st.integers(0, 9)).map(
        lambda pair: (pair[0], min(LARGEST, sum(pair)))
    ),
    max_size=8,
)
SETS = PAIRS.map(ranges)


def numbers(found: Ranges) -> set[int]:
    return {n for first, last in found.pairs for n in range(first, last + 1)}


@given(PAIRS)
def test_pairs_in_any_order_become_sorted_ranges_that_are_apart(
    pairs: list[tuple[int, int]],
) -> None:
    found = ranges(pairs)
    assert numbers(found) == {n for a, b in pairs for n in range(a, b + 1)}
    assert all(
        one[1] + 1 < two[0]
        for one, two in zip(found.pairs, found.pairs[1:], strict=False)
    )
    assert found.count() == len(numbers(found))


@given(SETS, SETS)
def test_the_operators_are_those_of_sets(one: Ranges, two: Ranges) -> None:
    assert numbers(one | two) == numbers(one) | numbers(two)
    assert one | two == ranges((*one.pairs, *two.pairs))
    assert numbers(one & two) == numbers(one) & numbers(two)
    assert numbers(one - two) == numbers(one) - numbers(two)
    assert (one <= two) == (numbers(one) <= numbers(two))
    assert bool(one) == bool(numbers(one))


@given(SETS, st.integers(0, LARGEST))
def test_a_number_is_found_in_its_range(found: Ranges, number: int) -> None:
    assert (number in found) == (number in numbers(found))


@given(SETS, st.lists(st.tuples(st.sampled_from("ctp"), SETS), max_size=6))
def test_what_is_carried_shrinks_and_grows_like_a_set(
    start: Ranges, acts: list[tuple[str, Ranges]]
) -> None:
    carried, model = Carried(start), numbers(start)
    for act, some in acts:
        if act == "c":
            carried.cut(some)
            model -= numbers(some)
        elif act == "p":
            carried.put_back(some)
            model |= numbers(some)
        else:
            assert numbers(carried.shared(some)) == model & numbers(some)
    assert numbers(carried.all()) == model
    assert bool(carried) == bool(model)
    carried.cut(None)
    assert not carried


def test_a_network_an_address_and_a_range_are_read() -> None:
    assert network("192.0.2.7") == ("ipv4", (3221225991, 3221225991))
    assert network("192.0.2.0/31") == ("ipv4", (3221225984, 3221225985))
    assert network("192.0.2.1-192.0.2.9") == ("ipv4", (3221225985, 3221225993))
    family, (first, last) = network("2001:db8::/126")
    assert (family, last - first) == ("ipv6", 3)


@pytest.mark.parametrize(
    "text", ["", "mail.example.test", "192.0.2.9-192.0.2.1", "1.2.3.4-::1", "::/129"]
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        network(text)


def test_networks_of_the_other_family_are_left_out() -> None:
    assert networks(("192.0.2.7", "::1"), "ipv6") == single(1)


def test_a_set_is_written_as_few_networks() -> None:
    found = everything("ipv4") - networks(("0.0.0.0/1",), "ipv4")
    assert written(found, "ipv4") == ("128.0.0.0/1",)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)), max_size=8))
def test_each_range_is_spelled_as_it_is_read(found: list[tuple[int, int]]) -> None:
    for family in ("ipv4", "ipv6"):
        some = ranges((first, first + more) for first, more in found)
        texts = spelled(some, family)
        assert len(texts) == len(some)
        assert networks(texts, family) == some


@given(st.integers(0, 2**32 - 1))
def test_an_address_is_read_as_the_library_does(number: int) -> None:
    text = str(IPv4Address(number))
    assert network(text) == network(f"{text}/32") == ("ipv4", (number, number))


@pytest.mark.parametrize(
    "text", ["01.2.3.4", "1.2.3", "256.1.1.1", "1.2.3.4/33", "\u0661.1.1.1"]
)
def test_what_is_nearly_an_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        network(text)
