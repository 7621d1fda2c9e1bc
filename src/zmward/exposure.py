"""Which sockets of each node listen where, and who reaches them by the loaded rules."""

from typing import Literal

import msgspec

from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.grid import Grid, places
from zmward.firewall.live import Live, loaded_rules
from zmward.firewall.openings import EVERYBODY, FAMILIES, Sources
from zmward.firewall.reached import Reached, entrants, reached
from zmward.firewall.services import names
from zmward.sources.listeners import LISTENERS, Listener

Reach = Literal["everywhere", "address", "loopback"]
# limited: some sources get in; unjudged: as older versions said of loaded rules.
Verdict = Literal["local", "closed", "limited", "open", "unjudged", "unknown"]


class Socket(msgspec.Struct, frozen=True):
    """One listening socket, how far its address reaches, and what rules it meets."""

    protocol: str
    address: str
    port: int
    program: str
    reach: Reach
    verdict: Verdict


class Node(msgspec.Struct, frozen=True):
    """The sockets of one node; `reason` says why there are none to show.

    `who` is the picture of who reaches what, None where the rules are not known.
    """

    host: str
    sockets: tuple[Socket, ...] = ()
    reason: str = ""
    rules_reason: str = ""
    who: Grid | None = None


class Exposure(msgspec.Struct, frozen=True):
    """All nodes, and the zones that any picture of them has as a column."""

    nodes: tuple[Node, ...]
    zones: tuple[str, ...] = ()


def _reach(listener: Listener) -> Reach:
    if listener.everywhere:
        return "everywhere"
    return "loopback" if listener.loopback else "address"


def _verdict(listener: Listener, who: Reached | None, strangers: Sources) -> Verdict:
    """Return what a packet to the socket meets; in doubt it is not known."""
    if listener.loopback:
        return "local"
    if who is None:
        return "unknown"
    if any(who.accepted.of(f) & strangers.of(f) for f in FAMILIES):
        return "open"
    if who.unknown:
        return "unknown"
    return "limited" if who.accepted else "closed"


def _socket(listener: Listener, who: Reached | None, strangers: Sources) -> Socket:
    return Socket(
        protocol=listener.protocol,
        address=listener.address,
        port=listener.port,
        program=listener.program,
        reach=_reach(listener),
        verdict=_verdict(listener, who, strangers),
    )


def _rules(facts: Facts, host: str) -> tuple[Live | None, str]:
    """Return the loaded rules, and why they are not known or not all."""
    try:
        found = loaded_rules(facts, host)
    except Unseen as signal:
        return None, signal.missing.reason
    return found, "".join(f"not asked: {name}" for name in found.missing[:1])


def _node(facts: Facts, host: str) -> Node:
    rules, why = _rules(facts, host)
    try:
        listeners = facts.read(LISTENERS, host)
    except Unseen as signal:
        return Node(host, reason=signal.missing.reason)
    known = places(facts, host)
    judged: dict[Listener, Reached] = {}
    who = None
    if rules is not None:
        outside = (one for one in listeners if not one.loopback)
        judged = {one: entrants(rules, one) for one in outside}
        who = reached(judged.items(), known, names(facts, host))
    strangers = known.get("internet", EVERYBODY)
    found = dict.fromkeys(_socket(o, judged.get(o), strangers) for o in listeners)
    ordered = tuple(sorted(found, key=lambda s: (s.port, s.protocol, s.address)))
    return Node(host, ordered, rules_reason=why, who=who)


def exposure(facts: Facts) -> Exposure:
    """Return what listens on every node, seen or not."""
    hosts = (*facts.evidence.hosts, *facts.unseen_hosts())
    nodes = tuple(_node(facts, host) for host in hosts)
    zones = dict.fromkeys(z for node in nodes if node.who for z in node.who.zones)
    return Exposure(nodes, tuple(zones))
