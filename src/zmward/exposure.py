"""Which sockets of each node listen where, and whom the loaded rules let reach them.

By what names the sources go (the zones) is for `zones` to say, once a policy is drawn.
"""

import ipaddress
from collections.abc import Iterable
from typing import Literal

import msgspec

from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.live import Live, loaded_rules
from zmward.firewall.openings import FAMILIES
from zmward.firewall.ranges import Family
from zmward.firewall.rules import PROTOCOLS
from zmward.firewall.whitelist import comers
from zmward.sources.listeners import LISTENERS, Listener

Reach = Literal["everywhere", "address", "loopback"]
# limited: the rules let some in, and not most; closed: nobody but the node itself.
Verdict = Literal["local", "closed", "limited", "open", "unknown"]

# The worst of two families decides.
_ORDER: tuple[Verdict, ...] = ("closed", "limited", "unknown", "open")


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


def _of_family(rules: Live, listener: Listener, family: Family) -> Verdict:
    """Return what the rules say of one family's packets to a socket."""
    destination = -1
    if not listener.everywhere:
        destination = int(ipaddress.ip_address(listener.address))
    protocol = PROTOCOLS[listener.protocol]
    found = rules.reached(protocol, listener.port, family, destination=destination)
    all_comers = comers(rules.own[family], family)
    accepted = found.accepted & all_comers
    if accepted.count() > all_comers.count() // 2:
        return "open"
    if found.unknown & all_comers:
        return "unknown"
    return "limited" if accepted else "closed"


def _met(listener: Listener, rules: Live | None) -> Verdict:
    """Return what a packet to the socket meets; the weaker family decides."""
    if listener.loopback:
        return "local"
    if rules is None:
        return "unknown"
    families = _families(listener.address)
    if rules.ipv6 is False:
        families = tuple(f for f in families if f == "ipv4")
    found = [_of_family(rules, listener, family) for family in families]
    return max(found, key=_ORDER.index, default="closed")


def _families(address: str) -> tuple[Family, ...]:
    if address == "*":
        return FAMILIES
    return ("ipv6",) if ":" in address else ("ipv4",)


def _reach(listener: Listener) -> Reach:
    if listener.everywhere:
        return "everywhere"
    return "loopback" if listener.loopback else "address"


def _sockets(listeners: Iterable[Listener], rules: Live | None) -> tuple[Socket, ...]:
    found = dict.fromkeys(
        Socket(
            protocol=listener.protocol,
            address=listener.address,
            port=listener.port,
            program=listener.program,
            reach=_reach(listener),
            verdict=_met(listener, rules),
        )
        for listener in listeners
    )
    return tuple(sorted(found, key=lambda s: (s.port, s.protocol, s.address)))


def _rules(facts: Facts, host: str) -> tuple[Live | None, str]:
    try:
        return loaded_rules(facts, host), ""
    except Unseen as signal:
        return None, signal.missing.reason


def _node(facts: Facts, host: str) -> Node:
    rules, why = _rules(facts, host)
    try:
        listeners = facts.read(LISTENERS, host)
    except Unseen as signal:
        return Node(host, reason=signal.missing.reason)
    return Node(host, _sockets(listeners, rules), rules_reason=why)


def exposure(facts: Facts) -> Exposure:
    """Return what listens on every node, seen or not."""
    hosts = (*facts.evidence.hosts, *facts.unseen_hosts())
    return Exposure(tuple(_node(facts, host) for host in hosts))
