"""Which sockets of each node listen where, and what the loaded rules say of them.

Who can reach a socket (the zones) is the firewall's question; `zones` is its place.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.listeners import LISTENERS, Listener

Reach = Literal["everywhere", "address", "loopback"]
# none: every packet is let in; loaded: rules that nobody has analysed yet.
Rules = Literal["none", "loaded", "unknown"]
Verdict = Literal["local", "open", "unjudged", "unknown"]

_VERDICTS: dict[Rules, Verdict] = {
    "none": "open",
    "loaded": "unjudged",
    "unknown": "unknown",
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
    rules: Rules
    sockets: tuple[Socket, ...] = ()
    reason: str = ""
    rules_reason: str = ""


class Exposure(msgspec.Struct, frozen=True):
    """All nodes; `zones` stays empty until the firewall policy names them."""

    nodes: tuple[Node, ...]
    zones: tuple[str, ...] = ()


def _reach(listener: Listener) -> Reach:
    if listener.everywhere:
        return "everywhere"
    return "loopback" if listener.loopback else "address"


def _socket(listener: Listener, rules: Rules) -> Socket:
    reach = _reach(listener)
    return Socket(
        protocol=listener.protocol,
        address=listener.address,
        port=listener.port,
        program=listener.program,
        reach=reach,
        verdict="local" if reach == "loopback" else _VERDICTS[rules],
    )


def _sockets(listeners: Iterable[Listener], rules: Rules) -> tuple[Socket, ...]:
    found = dict.fromkeys(_socket(listener, rules) for listener in listeners)
    return tuple(sorted(found, key=lambda s: (s.port, s.protocol, s.address)))


def _rules(facts: Facts, host: str) -> tuple[Rules, str]:
    del facts, host
    return "unknown", "the rule sets are not read yet: `zmward firewall` will"


def _node(facts: Facts, host: str) -> Node:
    rules, why = _rules(facts, host)
    try:
        listeners = facts.read(LISTENERS, host)
    except Unseen as signal:
        return Node(host, rules, reason=signal.missing.reason, rules_reason=why)
    return Node(host, rules, _sockets(listeners, rules), rules_reason=why)


def exposure(facts: Facts) -> Exposure:
    """Return what listens on every node, seen or not."""
    hosts = (*facts.evidence.hosts, *facts.unseen_hosts())
    return Exposure(tuple(_node(facts, host) for host in hosts))
