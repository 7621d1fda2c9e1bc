"""Every state that a sweep reports is the truth that listeners and rules make.

Both ways of asking, both families, with packets that get lost, rules of the asking
machine, addresses that nobody has, and limits of the system.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from lab import ports
from lab.ports import IPV4, IPV6, NOBODY_IPV4, NOBODY_IPV6, Pair

pytestmark = pytest.mark.lab
OPEN = frozenset({25, 443, 7071, 8443, 11211, 40000})
BOTH = pytest.mark.parametrize("raw", [True, False], ids=["packets", "connections"])
CHAIN = "type filter hook input priority 0; policy {}; iif lo accept;"
MOSTLY_SHUT = f"""
table inet filter {{
    chain input {{
        {CHAIN.format("drop")}
        meta l4proto ipv6-icmp accept
        tcp dport {{ 25, 443, 40000, 1000-1010 }} accept
        tcp dport 587 reject with tcp reset
        tcp dport 7071 reject
        tcp dport 8443 reject with icmpx type admin-prohibited
        udp dport {{ 53, 161 }} accept
    }}
}}
"""
SHUT_CLOSED = frozenset({587, *range(1000, 1011)})
LOSSY = f"""
table inet lossy {{
    chain input {{
        {CHAIN.format("accept")}
        meta l4proto tcp numgen random mod 100 < 1 drop
        tcp dport 2900-2999 drop
    }}
    chain output {{
        type filter hook output priority 0;
        meta l4proto tcp numgen random mod 100 < 1 drop
    }}
}}
"""


@pytest.fixture(scope="module")
def machines() -> Iterator[Pair]:
    with ports.pair() as made, made.listeners([*OPEN], [53]):
        yield made


@pytest.fixture
def pair(machines: Pair) -> Iterator[Pair]:
    yield machines
    for one in (machines.asker, machines.server):
        machines.rules(one, "")


def states(
    found: Mapping[str, Any], address: str, proto: str = "tcp"
) -> dict[int, str]:
    return {
        one["port"]: one["state"]
        for one in found["swept"]["ports"]
        if one["address"] == address and one["proto"] == proto
    }


def untold(
    found: Mapping[str, Any], address: str, proto: str = "tcp"
) -> dict[int, str]:
    return {
        port: one["why"]
        for one in found["swept"]["untold"]
        for port in one["ports"]
        if one["address"] == address and one["proto"] == proto
    }


def truth(
    every: range, opened: frozenset[int], closed: frozenset[int]
) -> dict[int, str]:
    return {
        port: "open" if port in opened else "closed" if port in closed else "filtered"
        for port in every
    }


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(True, id="packets"),
        pytest.param(False, id="connections", marks=pytest.mark.proof),
    ],
)
def test_all_ports_of_a_mostly_shut_machine(pair: Pair, *, raw: bool) -> None:
    """What is refused by a message is filtered, by TCP itself closed."""
    pair.rules(pair.server, MOSTLY_SHUT)
    opened = pair.listening() & {25, 443, 40000, *range(1000, 1011)}
    wanted = truth(range(1, 65_536), opened, SHUT_CLOSED)
    both = [IPV4, IPV6] if raw else [IPV6]
    found = pair.sweep(
        targets=both, all_tcp=[1, 65_535], rate=20_000, seconds=200, raw=raw
    )
    assert found["swept"]["untold"] == []
    for address in both:
        assert states(found, address) == wanted


@BOTH
def test_two_sweeps_say_the_same(pair: Pair, *, raw: bool) -> None:
    pair.rules(pair.server, MOSTLY_SHUT)
    asked = [*OPEN, 22, 80, 587, *range(1000, 1080)]
    found = [
        pair.sweep(targets=[IPV4], tcp=asked, udp=[53, 161, 514], raw=raw)
        for _ in range(2)
    ]
    assert found[0]["swept"] == found[1]["swept"]
    assert states(found[0], IPV4)[7071] == "filtered"


@BOTH
def test_lost_packets_lose_no_ports(pair: Pair, *, raw: bool) -> None:
    pair.rules(pair.server, LOSSY)
    every = range(1, 3000)
    wanted = truth(every, pair.listening(), frozenset(range(1, 2900)))
    found = pair.sweep(targets=[IPV4, IPV6], tcp=[*every], rate=10_000, raw=raw)
    for address in (IPV4, IPV6):
        seen = states(found, address)
        assert {p: s for p, s in seen.items() if s != wanted[p]} == {}


@BOTH
@pytest.mark.parametrize(
    "count", [3, *(pytest.param(n, marks=pytest.mark.proof) for n in (49, 400))]
)
def test_nobody_is_no_filter(pair: Pair, count: int, *, raw: bool) -> None:
    """An address that no machine has is not one behind a packet filter."""
    asked = range(1, count + 1)
    nobody = [NOBODY_IPV4, NOBODY_IPV6, "192.0.2.1"]
    for address in nobody[:2]:
        pair.inside(pair.asker, "ip", "neigh", "flush", "to", address)
    found = pair.sweep(targets=[*nobody, IPV4], tcp=[*asked], udp=[53], raw=raw)
    assert {*states(found, IPV4)} == {*asked}
    for address in nobody:
        assert states(found, address) == {}
        assert {*untold(found, address)} == {*asked}
        assert {*untold(found, address, "udp")} == {53}


@BOTH
def test_own_rules_are_no_answer(pair: Pair, *, raw: bool) -> None:
    """A connection of the system's own that is dropped here shows nothing of it."""
    hook = "type filter hook output priority 0;"
    shut = "tcp dport 443 drop;" if raw else "tcp dport 443 reject;"
    rules = f"{hook} {shut} tcp dport 25 reject; udp dport 161 drop;"
    pair.rules(pair.asker, f"table inet o {{ chain o {{ {rules} }}; }}")
    found = pair.sweep(
        targets=[IPV4, IPV6], tcp=[25, 443, 7071], udp=[53, 161], raw=raw
    )
    for address in (IPV4, IPV6):
        assert states(found, address) == {7071: "open"}
        assert {*untold(found, address)} == {25, 443}
        assert {*untold(found, address, "udp")} == {161}


@BOTH
@pytest.mark.parametrize("address", ["127.0.0.1", IPV6])
def test_a_machine_that_asks_itself(pair: Pair, address: str, *, raw: bool) -> None:
    """Each port from which it asks answers itself, if one lets it."""
    name = "net.ipv4.ip_local_port_range"
    pair.inside(pair.server, "sysctl", "-q", "-w", f"{name}=33000 33015")
    try:
        found = pair.sweep(
            by=pair.server, targets=[address], all_tcp=[32_000, 41_000], raw=raw
        )
    finally:
        pair.inside(pair.server, "sysctl", "-q", "-w", f"{name}=32768 60999")
    every = range(32_000, 41_001)
    assert states(found, address) == truth(every, pair.listening(), frozenset(every))


@pytest.mark.parametrize("address", [IPV4, IPV6])
def test_datagrams(pair: Pair, address: str) -> None:
    """Linux tells of six closed ports at once and then of one a second."""
    pair.rules(
        pair.server,
        f"table inet f {{ chain i {{ {CHAIN.format('accept')}"
        "udp dport 161 drop; udp dport 514 reject with icmpx type admin-prohibited;"
        "}; }",
    )
    asked = [11211, 53, 161, 514, 123, 7035, 7036, 162, 1, 2]
    found = pair.sweep(targets=[address], tcp=[], udp=asked)
    seen = states(found, address, "udp")
    assert seen.pop(53) == "open"
    assert (seen.pop(161), seen.pop(514)) == ("filtered", "filtered")
    assert {*seen.values()} == {"closed"}


@pytest.mark.parametrize("files", [40, 300])
def test_few_descriptors(pair: Pair, files: int) -> None:
    pair.rules(pair.server, MOSTLY_SHUT)
    every = range(900, 1100)
    found = pair.sweep(targets=[IPV4], tcp=[*every], files=files)
    assert states(found, IPV4) == truth(every, frozenset(), SHUT_CLOSED)


@BOTH
def test_what_is_not_finished_is_said(pair: Pair, *, raw: bool) -> None:
    pair.rules(pair.server, MOSTLY_SHUT)
    found = pair.sweep(
        targets=[IPV4], all_tcp=[1, 65_535], rate=3000, seconds=1.5, raw=raw
    )
    assert found["seconds"] < 4
    seen, left = states(found, IPV4), untold(found, IPV4)
    assert not {*seen} & {*left}
    assert {*seen} | {*left} == {*range(1, 65_536)}
    assert {*left.values()} == {"the time was over"}
    assert "filtered" not in {state for port, state in seen.items() if port != 8443}


@BOTH
def test_the_rate_is_kept(pair: Pair, *, raw: bool) -> None:
    found = pair.sweep(targets=[IPV4], all_tcp=[1000, 1499], rate=500, raw=raw)
    assert 0.9 < found["seconds"] < 3
    assert {*states(found, IPV4).values()} == {"closed"}
    told = found["told"]
    assert told == sorted(told)
    assert told[-1] == [500, 500]
    assert len(told) > 5


@BOTH
def test_an_address_of_the_cable_itself(pair: Pair, *, raw: bool) -> None:
    rows = json.loads(pair.inside(pair.server, "ip", "-j", "address", "show", "eth0"))
    local = next(one["local"] for one in rows[0]["addr_info"] if one["scope"] == "link")
    rules = f"{CHAIN.format('accept')} tcp dport 7071 drop; tcp dport 443 reject;"
    pair.rules(pair.server, f"table inet f {{ chain i {{ {rules} }}; }}")
    address = f"{local}%eth0"
    found = pair.sweep(targets=[address], tcp=[1, 25, 443, 7071], udp=[9], raw=raw)
    assert states(found, address) == {
        1: "closed",
        25: "open",
        443: "filtered",
        7071: "filtered",
    }
    assert states(found, address, "udp") == {9: "closed"}
