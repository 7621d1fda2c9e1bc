"""Silence shows a filter only where somebody answers at all."""

from msgspec.structs import replace

from tests.scan.test_gaps import states
from zmward.controls.shapes.outside_ways import seen_port, sight_of
from zmward.deviation import State
from zmward.scan.line import Exchange
from zmward.scan.memcached import MemcachedShown
from zmward.scan.seen import PortSeen, Rest

CONTROL = "memcached-closed-to-strangers"
SILENT = seen_port(11211, "filtered")
ALIVE = seen_port(443)
OTHER = "2001:db8::10"


def test_a_filter_shows_beside_a_port_that_answers() -> None:
    assert states(CONTROL, sight_of(SILENT, ALIVE)) == {State.OK}
    assert states(CONTROL, sight_of(SILENT, seen_port(99, "closed"))) == {State.OK}


def test_a_sign_of_life_may_be_among_the_others() -> None:
    rest = (Rest("192.0.2.10", "tcp", "closed", "1-20"),)
    assert states(CONTROL, replace(sight_of(SILENT), rest=rest)) == {State.OK}


def test_an_address_that_never_answers_may_be_switched_off() -> None:
    seen = sight_of(SILENT, seen_port(443, "filtered"))
    assert states(CONTROL, seen) == {State.UNKNOWN}


def test_a_looker_who_was_shut_out_knows_nothing_of_filters() -> None:
    seen = replace(sight_of(SILENT, ALIVE), doubts={"192.0.2.10": "it shut us out"})
    assert states(CONTROL, seen) == {State.UNKNOWN}


def test_one_address_does_not_speak_for_another_that_nobody_reached() -> None:
    seen = sight_of(SILENT, ALIVE)
    both = replace(seen, addresses=(*seen.addresses, OTHER))
    assert states(CONTROL, both) == {State.OK, State.UNKNOWN}


def test_one_address_does_not_speak_for_another_that_never_answers() -> None:
    other = PortSeen(11211, "tcp", OTHER, "filtered")
    seen = sight_of(SILENT, ALIVE, other)
    assert states(CONTROL, seen) == {State.OK, State.UNKNOWN}


def test_what_is_open_is_bad_whoever_was_shut_out() -> None:
    seen = replace(sight_of(seen_port(11211)), doubts={"192.0.2.10": "it shut us out"})
    assert states(CONTROL, seen) == {State.BAD}


def test_who_was_talked_with_is_alive() -> None:
    said = MemcachedShown(
        *("192.0.2.10", 11212), exchanges=(Exchange(11212, "a", "b"),)
    )
    assert states(CONTROL, replace(sight_of(SILENT), shown=(said,))) == {State.OK}
