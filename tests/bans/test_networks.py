"""A /64 is banned whole where many of its addresses are, and never with bystanders."""

import ipaddress
import re
import subprocess
from importlib.resources import files

from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.structs import replace

from tests.bans.test_simulate import PLACED, SITE, failure, success
from zmward.bans.networks import around, network
from zmward.bans.render import action_text
from zmward.bans.simulate import Banned, simulated
from zmward.bans.spared import Lookup, Spared
from zmward.bans.victims import victims
from zmward.logs.event import Event

NET, WHOLE = "2001:db8:1:2", "2001:db8:1:2::/64"
FEW = replace(SITE, network_addresses=3)
ADDRESSES = some.ip_addresses(v=6)


def attack(*hosts: int, begin: float = 0, net: str = NET) -> list[Event]:
    """Return enough failures of some addresses, one after the other."""
    return [
        failure(begin + 10 * n + turn, f"{net}::{host}")
        for n, host in enumerate(hosts)
        for turn in range(3)
    ]


def whole(events: list[Event], *never: str) -> list[Banned]:
    found = simulated(events, PLACED, FEW, never)
    return [one for one in found if "/" in one.address]


def test_enough_addresses_ban_their_network() -> None:
    (ban,) = whole(attack(1, 2, 3))
    assert (ban.address, ban.when, ban.until) == (WHOLE, 22, 3622)
    assert whole(attack(1, 2)) == []
    assert whole(attack(1, 1, 1)) == []
    assert whole(attack(1, 2) + attack(3, begin=4000)) == []


def test_the_network_is_shut_until_the_last_is_let_go() -> None:
    events = attack(1, 2, 3) + attack(4, 5, 6, 7, begin=100) + attack(8, begin=3700)
    found = list(simulated(events, PLACED, FEW, ()))
    singles = [one.address for one in found if "/" not in one.address]
    assert singles == [f"{NET}::{n}" for n in (1, 2, 3, 8)]


def test_a_network_with_somebody_spared_is_never_banned() -> None:
    assert whole(attack(1, 2, 3), WHOLE) == []
    never = around((Spared(f"{NET}::99", "a node"), Spared("192.0.2.1", "another")))
    assert never == (WHOLE,)
    assert around((Spared("2001:db8::/32", "larger"),)) == ()
    # Whose addresses a name has, nobody knows here.
    assert around((Spared("office.example.com", "ignoreip"),)) is None
    assert not list(simulated(attack(1, 2, 3), PLACED, FEW, None))[3:]


def test_strangers_who_are_neighbours_are_not_banned_together() -> None:
    for net in ("64:ff9b", "2001:0:1:2", "fd00:1:2:3", "fe80"):
        assert network(f"{net}::1") == "", net
        assert whole(attack(1, 2, 3, net=net)) == []
    assert network("198.51.100.7") == ""
    assert network("2002:c633:6407:1::1") == "2002:c633:6407:1::/64"


def test_it_can_be_switched_off() -> None:
    site = replace(SITE, network_addresses=0)
    found = simulated(attack(*range(1, 30)), PLACED, site, ())
    assert not [one for one in found if "/" in one.address]


def test_good_logins_of_the_whole_network_speak_against_it() -> None:
    good = [success(n, f"{NET}:{n}::1", f"user{n}") for n in range(20)]
    found = victims([*good, *attack(1, 2, 3, begin=50)], PLACED, FEW, Lookup(()))
    (net,) = [one for one in found if one.address == WHOLE]
    assert (net.accounts, net.failures) == (20, 9)
    assert net.doubts == ("shared", "logins")
    assert all(one.doubts == () for one in found if one.address != WHOLE)


def theirs(addresses: list[str]) -> list[str]:
    """Return the networks that the action's own program makes of addresses."""
    body = (files("zmward.bans") / "action.conf").read_text("utf-8")
    found = re.search(r"^nets = awk -F'::' '(.*?)'$", body, re.MULTILINE | re.DOTALL)
    assert found
    text = "".join(f"{one}\n" for one in addresses)
    argv = ("awk", "-F::", found[1])
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True)
    return done.stdout.split()


@given(some.lists(ADDRESSES, min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_the_action_finds_the_same_networks(
    addresses: list[ipaddress.IPv6Address],
) -> None:
    own = [str(one) for one in addresses if "." not in str(one)]
    for one, net in zip(own, theirs(own), strict=True):
        expected = ipaddress.ip_network(f"{one}/64", strict=False)
        assert ipaddress.ip_network(f"{net}/64") == expected
        assert network(one) in ("", f"{net}/64")


def test_the_action_is_told_how_many_and_where_never() -> None:
    rows = (Spared(f"{NET}::99", "a node"), Spared("::1", "the host itself"))
    text = action_text("mail.example.com", rows, 4)
    assert text.endswith(f"\nmost = 4\n\nnever = {NET}:: 0:0:0:0::\n")
    named = action_text("mail.example.com", (Spared("a.example", "x"),), 4)
    assert named.endswith("\nmost = 0\n\nnever =\n")


def test_no_line_of_the_action_ends_in_a_comment() -> None:
    """fail2ban cuts a value at a blank and a semicolon."""
    body = (files("zmward.bans") / "action.conf").read_text("utf-8")
    lines = [line for line in body.splitlines() if not line.startswith("#")]
    assert [line for line in lines if " ;" in line] == []
