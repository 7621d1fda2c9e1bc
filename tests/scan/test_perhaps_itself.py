"""A looker whose inner address the server has too: itself, or a stranger."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from zmward.controls.registry import controls
from zmward.controls.shapes.outside_http_doors import (
    console_by_proxy,
    console_off_the_web_port,
)
from zmward.controls.shapes.outside_relay import no_open_relay
from zmward.controls.shapes.outside_ways import seen_port, sight_of
from zmward.deviation import Judgement
from zmward.outlook import Outlook, Outside
from zmward.profile import Networks, Profile
from zmward.scan.seen import PortSeen, Seen

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
INNER = "10.0.0.4"
OWN = frozenset({"127.0.0.1", INNER})
ALL = "tcp 1-65535"
NOBODY = Profile()
ADMINS = Profile(networks=Networks(admins=("198.51.100.0/24",)))


def look(
    outside: Outside | None,
    seen: Seen,
    profile: Profile = NOBODY,
    own: frozenset[str] = OWN,
) -> tuple[Judgement, ...]:
    assert outside
    return tuple(outside.look(seen, Outlook(profile, NOW, "mail", own)))


def states(found: Iterable[Judgement]) -> set[str]:
    return {one.state.value for one in found}


@pytest.mark.parametrize(
    ("name", "number", "profile"),
    [
        ("memcached-closed-to-strangers", 11211, Profile()),
        ("internal-ports-closed", 7025, Profile()),
        ("admin-console-closed", 7071, Profile()),
        ("open-ports-known", 3389, Profile()),
        ("rules-equal-whitelist", 22, ADMINS),
    ],
)
def test_a_port_is_neither_let_pass_nor_left_out(
    name: str, number: int, profile: Profile
) -> None:
    outside = controls()[name].outside
    for state in ("open", "closed", "filtered"):
        port = seen_port(number, state)
        seen = sight_of(port, source=INNER, asked=(ALL,))
        found = look(outside, seen, profile)
        assert states(found) == {"unknown"}
        assert f"{INNER} is an address of the host's own" in str(found[0].reason)
    opened = sight_of(seen_port(number), source=INNER, asked=(ALL,))
    assert "bad" in states(look(outside, opened, profile, frozenset()))


def test_an_address_with_a_stranger_does_not_clear_the_other() -> None:
    outside = controls()["open-ports-known"].outside
    other = PortSeen(443, "tcp", "2001:db8::10", "open")
    seen = sight_of(seen_port(443), other, asked=(ALL,))
    seen = replace(seen, source={"192.0.2.10": INNER, "2001:db8::10": "2001:db8:9::1"})
    assert states(look(outside, seen)) == {"unknown"}


@pytest.mark.parametrize(
    "outside", [no_open_relay(), console_off_the_web_port(), console_by_proxy()]
)
def test_a_relay_or_a_console_is_unknown(outside: Outside) -> None:
    seen = next(one.seen for one in outside.examples if one.state == "bad")
    seen = replace(seen, source=dict.fromkeys(seen.addresses, INNER))
    assert states(look(outside, seen)) == {"unknown"}
    assert states(look(outside, seen, own=frozenset())) == {"bad"}


@pytest.mark.parametrize("outside", [no_open_relay(), console_off_the_web_port()])
def test_a_refusal_proves_nothing(outside: Outside) -> None:
    seen = next(one.seen for one in outside.examples if one.state == "ok")
    seen = replace(seen, source=dict.fromkeys(seen.addresses, INNER))
    assert states(look(outside, seen)) == {"unknown"}


def test_what_is_unique_or_within_is_surely_itself() -> None:
    """A public source is one machine's; between inner addresses nothing is hidden."""
    outside = controls()["internal-ports-closed"].outside
    seen = sight_of(seen_port(7025), source="192.0.2.99")
    assert states(look(outside, seen, own=frozenset({"192.0.2.99"}))) == {"n/a"}
    within = PortSeen(7025, "tcp", "10.0.0.9", "open")
    assert states(look(outside, sight_of(within, source=INNER))) == {"n/a"}
