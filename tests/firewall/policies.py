"""Policies for the renderers' tests, and what becomes of packets under a rule set."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from zmward.firewall.openings import (
    EVERYBODY,
    Opening,
    Policy,
    Sources,
    Zone,
)
from zmward.firewall.packet import Packet, probe
from zmward.firewall.ranges import NOTHING, Family, Ranges, everything, ranges
from zmward.firewall.reach import Reach, reach
from zmward.firewall.rules import PROTOCOLS, Ruleset
from zmward.firewall.zones import sources

# Networks that lie in each other, beside each other, and far apart.
V4 = (
    *("10.0.0.0/8", "10.1.0.0/24", "10.1.1.0/24", "192.0.2.7/32", "198.51.100.0/25"),
    *("198.51.100.128/25", "203.0.113.9/32", "172.16.0.0/12", "0.0.0.0/1"),
)
V6 = (
    *("2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::7/128", "fd00::/8", "fe80::/10"),
    "8000::/1",
)
ZONES: tuple[Zone, ...] = (
    *("internet", "clients", "admin", "monitoring", "cluster", "balancers", "named"),
)
_MOST = 60
PORTS = (1, 22, 25, 53, 80, 443, 465, 587, 993, 7071, 7788, 11211, 65535)


def _spans() -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    port = st.sampled_from(PORTS) | st.integers(1, 65535)
    pair = st.tuples(port, st.integers(0, 12)).map(
        lambda p: (p[0], min(p[0] + p[1], 65535))
    )
    one = port.map(lambda p: (p, p))
    few = st.lists(one | pair, min_size=1, max_size=3, unique=True).map(tuple)
    many = st.lists(pair, min_size=14, max_size=18, unique=True).map(tuple)
    return few | few | few | many


def _sources() -> st.SearchStrategy[Sources]:
    some = st.lists(st.sampled_from((*V4, *V6)), min_size=1, max_size=6).map(sources)
    return some | st.just(EVERYBODY)


@st.composite
def openings(draw: Any) -> Opening:
    protocol = draw(st.sampled_from(("tcp", "tcp", "udp", "vrrp", "esp")))
    bare = protocol in ("vrrp", "esp")
    own = draw(_sources())
    name = draw(st.sampled_from(("ssh", "smtp", "imaps", "tcp 25", "allow 7788-7799")))
    return Opening(
        name,
        protocol,
        () if bare else _apart(draw(_spans())),
        draw(st.sampled_from(ZONES)) if own != EVERYBODY else "internet",
        own,
        draw(st.sampled_from(('why "so"', "a; b } {", "$x", "e\n\u00e9"))),
        "catalog:test",
        draw(st.sampled_from(("", "5/minute"))) if protocol == "tcp" else "",
        draw(st.sampled_from((0, 67))) if protocol == "udp" else 0,
    )


def _apart(spans: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Return ports without overlaps: nft refuses those in one set."""
    return ranges(spans).pairs


def policies() -> st.SearchStrategy[Policy]:
    return st.lists(openings(), max_size=5).map(
        lambda found: Policy("mail.example.com", tuple(found))
    )


def wanted(
    policy: Policy, family: Family, protocol: int, port: int, source_port: int
) -> Ranges:
    """Return whom the policy lets in: read straight from its openings."""
    found = NOTHING
    for one in policy.openings:
        fits = one.number == protocol and (
            not one.ports or any(a <= port <= b for a, b in one.ports)
        )
        if fits and one.source_port in (0, source_port):
            found |= one.sources.of(family)
    return found


def told(
    ruleset: Ruleset,
    family: Family,
    protocol: int,
    port: int,
    source_port: int = 49152,
    **more: Any,
) -> Reach:
    """Return what a rule set does with packets from all sources at once."""
    packet = Packet(
        family=family,
        source=0,
        destination=1,
        protocol=protocol,
        source_port=source_port,
        destination_port=port,
        entry="eth0",
        **more,
    )
    return reach(ruleset, probe(packet), everything(family))


def boundaries(policy: Policy) -> Iterator[int]:
    """Yield every port at, just before and just after the edges of openings."""
    found = {1, 65535}
    for one in policy.openings:
        for first, last in one.ports:
            found |= {first - 1, first, last, last + 1}
    kept = sorted(port for port in found if 0 < port <= 65535)
    yield from kept[:: 1 + len(kept) // _MOST]


def disagreements(
    policy: Policy, family: Family, ruleset: Ruleset, ports: Iterator[int]
) -> Iterator[str]:
    """Yield each kind of packet of which policy and rules say something else."""
    kinds = [(PROTOCOLS[p], n) for n in ports for p in ("tcp", "udp")]
    kinds += [(PROTOCOLS[p], 0) for p in ("vrrp", "esp", "ah", "ospf", "gre")]
    for protocol, port in kinds:
        for source_port in (49152, 67) if _from_ports(policy) else (49152,):
            found = told(ruleset, family, protocol, port, source_port)
            expected = wanted(policy, family, protocol, port, source_port)
            if found.unknown or found.accepted != expected:
                yield (
                    f"{family} protocol {protocol} port {port} from port {source_port}: "
                    f"{found.accepted} is let in, {expected} should be; "
                    f"{found.doubts or 'no doubts'}"
                )


def _from_ports(policy: Policy) -> bool:
    return any(one.source_port for one in policy.openings)
