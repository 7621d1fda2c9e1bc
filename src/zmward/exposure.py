"""Which sockets of each node listen where, and what the loaded rules say of them.

Who can reach a socket (the zones) is the firewall's question; `zones` is its place.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.firewall import FIREWALL, Family, Firewall
from zmward.sources.listeners import LISTENERS, Listener

Reach = Literal["everywhere", "address", "loopback"]
# none: every packet is let in; loaded: rules that nobody has analysed yet.
Rules = Literal["none", "loaded", "unknown"]
Verdict = Literal["local", "open", "unjudged", "unknown"]

# In the order of what the weaker of two families decides.
_VERDICTS: dict[Rules, Verdict] = {
    "none": "open",
    "unknown": "unknown",
    "loaded": "unjudged",
}


class Socket(msgspec.Struct, frozen=True):
    """One listening socket, how far its address reaches, and what rules it meets."""

    protocol: str
    address: str
    port: int
    program: str
    reach: Reach
    verdict: Verdict


class Node(msgspec.Struct, frozen=True):
    """The sockets of one node; `reason` says why there are none to show."""

    host: str
    sockets: tuple[Socket, ...] = ()
    reason: str = ""
    rules_reason: str = ""


class Exposure(msgspec.Struct, frozen=True):
    """All nodes; `zones` stays empty until the firewall policy names them."""

    nodes: tuple[Node, ...]
    zones: tuple[str, ...] = ()


def _rules(firewall: Firewall, family: Family) -> Rules:
    if any(one.drops for one in firewall.of(family)):
        return "loaded"
    return "unknown" if firewall.unasked else "none"


def _met(listener: Listener, firewall: Firewall | None) -> Verdict:
    """Return what a packet to the socket meets; the weaker family decides."""
    if listener.loopback:
        return "local"
    if firewall is None:
        return "unknown"
    families = _families(listener.address)
    found = {_rules(firewall, family) for family in families}
    return next(v for rules, v in _VERDICTS.items() if rules in found)


def _families(address: str) -> tuple[Family, ...]:
    if address == "*":
        return ("ipv4", "ipv6")
    return ("ipv6",) if ":" in address else ("ipv4",)


def _reach(listener: Listener) -> Reach:
    if listener.everywhere:
        return "everywhere"
    return "loopback" if listener.loopback else "address"


def _sockets(
    listeners: Iterable[Listener], firewall: Firewall | None
) -> tuple[Socket, ...]:
    found = dict.fromkeys(
        Socket(
            protocol=listener.protocol,
            address=listener.address,
            port=listener.port,
            program=listener.program,
            reach=_reach(listener),
            verdict=_met(listener, firewall),
        )
        for listener in listeners
    )
    return tuple(sorted(found, key=lambda s: (s.port, s.protocol, s.address)))


def _firewall(facts: Facts, host: str) -> tuple[Firewall | None, str]:
    try:
        return facts.read(FIREWALL, host), ""
    except Unseen as signal:
        return None, signal.missing.reason


def _node(facts: Facts, host: str) -> Node:
    firewall, why = _firewall(facts, host)
    try:
        listeners = facts.read(LISTENERS, host)
    except Unseen as signal:
        return Node(host, reason=signal.missing.reason)
    return Node(host, _sockets(listeners, firewall), rules_reason=why)


def exposure(facts: Facts) -> Exposure:
    """Return what listens on every node, seen or not."""
    hosts = (*facts.evidence.hosts, *facts.unseen_hosts())
    return Exposure(tuple(_node(facts, host) for host in hosts))
