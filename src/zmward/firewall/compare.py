"""A rule set against a policy: every excess and every missing opening, for all sources.

The ports are cut where the policy or any rule begins or ends; within a piece all of
them are treated alike, so that one of each stands for 65,535.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final, Literal

import msgspec

from zmward.catalog.foreign_ports import PORTLESS, foreign
from zmward.catalog.ports import PORTS
from zmward.firewall.basics import IGMP, KEPT
from zmward.firewall.cells import edges
from zmward.firewall.exposed import Exposed
from zmward.firewall.folded import folded
from zmward.firewall.narrowed import Narrowed
from zmward.firewall.openings import FAMILIES, Opening, Policy
from zmward.firewall.packet import ICMP, ICMPV6, TCP, UDP, Packet, probe
from zmward.firewall.ranges import NOTHING, Family, Ranges, everything
from zmward.firewall.reach import Reach, reach
from zmward.firewall.rules import Ruleset
from zmward.firewall.zones import sources

Kind = Literal["excess", "missing", "unknown"]
_NAMES: Final = {TCP: "tcp", UDP: "udp"}
_PORTS: Final = 65_536
_PROTOCOLS: Final = 256
_USUAL: Final = 49_152
# ICMP is judged by type, IGMP is let in by every rule set of ours.
_APART: Final = frozenset({ICMP, ICMPV6, IGMP, TCP, UDP})


class Difference(msgspec.Struct, frozen=True):
    """Some sources that a rule set treats in another way than the policy does.

    `what` are the packets (`tcp 25`, `udp 5404-5405`, `vrrp`), `names` what the
    policy or the catalog calls them; `said` are the matches that nobody understands.
    """

    kind: Kind
    family: Family
    what: str
    sources: Ranges
    names: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


Judged = tuple[tuple[Kind, Ranges], ...]


class _Asked:
    """One rule set, asked for one family through one interface."""

    def __init__(
        self,
        policy: Policy,
        rules: Narrowed,
        family: Family,
        entry: str,
        destination: int,
    ) -> None:
        self.policy = policy
        self.rules = rules
        self.family = family
        self.entry = entry
        self.destination = destination
        self.everybody = everything(family)
        self.found: dict[tuple[int, object, object], Judged] = {}

    def exposed(self, protocol: int, port: int) -> Exposed:
        """Return who reaches a port from whatever source port."""
        kept = self.rules.of(protocol, port).exposure
        place = self.destination
        return kept.of(protocol, port, self.family, entry=self.entry, destination=place)

    def told(
        self,
        protocol: int,
        port: int = 0,
        source_port: int = _USUAL,
        icmp: tuple[int, int] = (8, 0),
        state: str = "",
    ) -> Reach:
        """Return what becomes of one kind of packet."""
        packet = Packet(
            *(self.family, 0, self.destination, protocol, source_port, port),
            icmp=icmp,
            state=state,
            entry=self.entry,
        )
        kept = self.rules.of(protocol, port)
        kind = probe(packet, marked=kept.marked)
        return reach(kept.ruleset, kind, self.everybody, kept.memory)

    def wanted(self, protocol: int, port: int, source_port: int | None) -> Ranges:
        """Return whom the policy lets in; None stands for any source port."""
        found = NOTHING
        for one in self.openings(protocol, port):
            if source_port is None or one.source_port in (0, source_port):
                found |= one.sources.of(self.family)
        return found

    def openings(self, protocol: int, port: int) -> tuple[Opening, ...]:
        """Return the policy's openings for a port."""
        return tuple(
            one
            for one in self.policy.openings
            if one.number == protocol
            and (not one.ports or any(a <= port <= b for a, b in one.ports))
        )


def _pieces(places: Iterable[int], end: int) -> Iterator[tuple[int, int]]:
    cuts = sorted({0, end, *(edge for edge in places if 0 < edge < end)})
    for first, after in pairwise(cuts):
        yield first, after - 1


def _names(asked: _Asked, protocol: int, first: int, last: int) -> tuple[str, ...]:
    own = [o.name for o in asked.openings(protocol, first)]
    kind = _NAMES.get(protocol, "")
    if not own and kind:
        own += [
            row.name
            for row in PORTS
            if first <= row.port <= last and kind in row.protocols
        ]
        row = foreign(kind, first)
        own += [row.name] if row else []
    return tuple(dict.fromkeys(own))


def _judged(asked: _Asked, protocol: int, first: int) -> Judged:
    """Return what differs at one port, found once for all that are alike."""
    # The rules that are left are kept as long as they are asked, so their id is theirs.
    rules = id(asked.rules.of(protocol, first))
    key = (protocol, rules, asked.openings(protocol, first))
    if key not in asked.found:
        asked.found[key] = tuple(_differing(asked, protocol, first))
    return asked.found[key]


def _differing(
    asked: _Asked, protocol: int, first: int
) -> Iterator[tuple[Kind, Ranges]]:
    """Yield what differs at one port: too many sources, too few, or nobody knows."""
    exposed = asked.exposed(protocol, first)
    excess = exposed.accepted - asked.wanted(protocol, first, None)
    if excess:
        yield "excess", excess
    unknown = exposed.unknown - asked.wanted(protocol, first, None)
    missing, doubtful = NOTHING, unknown
    ports = {one.source_port or _USUAL for one in asked.openings(protocol, first)}
    for source_port in sorted(ports):
        found = asked.told(protocol, first, source_port)
        wanted = asked.wanted(protocol, first, source_port)
        missing |= wanted - found.accepted - found.unknown
        doubtful |= wanted & found.unknown
    if missing:
        yield "missing", missing
    if doubtful:
        yield "unknown", doubtful


def _shown(name: str, first: int, last: int) -> str:
    return f"{name} {first}" if first == last else f"{name} {first}-{last}"


def _of_ports(asked: _Asked, protocol: int) -> Iterator[Difference]:
    """Yield the differences of one protocol, neighbours that are alike as one."""
    own = (n for o in asked.policy.openings for a, b in o.ports for n in (a, b + 1))
    places = (*own, *edges(asked.rules.ports))
    open_: dict[tuple[Kind, Ranges, tuple[str, ...]], tuple[int, int]] = {}

    def made(key: tuple[Kind, Ranges, tuple[str, ...]]) -> Difference:
        first, last = open_.pop(key)
        said: tuple[str, ...] = ()
        if key[0] == "unknown":
            said = asked.exposed(protocol, first).doubts
        what = _shown(_NAMES[protocol], first, last)
        return Difference(key[0], asked.family, what, key[1], key[2], said)

    for first, last in _pieces(places, _PORTS):
        names = _names(asked, protocol, first, last)
        found = {
            (kind, some, names if kind == "missing" or first == last else ())
            for kind, some in _judged(asked, protocol, first)
        }
        yield from (
            made(key) for key in sorted(open_.keys() - found, key=_first(open_))
        )
        for key in found:
            open_[key] = (open_[key][0] if key in open_ else first, last)
    yield from (made(key) for key in sorted(open_, key=_first(open_)))


_Key = tuple[Kind, Ranges, tuple[str, ...]]


def _first(open_: dict[_Key, tuple[int, int]]) -> Callable[[_Key], tuple[int, str]]:
    return lambda key: (open_[key][0], key[0])


def _of_protocols(asked: _Asked) -> Iterator[Difference]:
    """Yield the differences of protocols without ports."""
    names = {number: name for name, number in reversed(tuple(PORTLESS.items()))}
    known = (n for number in (*names, *_APART) for n in (number, number + 1))
    places = (*known, *edges(asked.rules.protocols))
    for first, last in _pieces(places, _PROTOCOLS):
        if first in _APART:
            continue
        for kind, some in _judged(asked, first, 0):
            what = names.get(first) or _shown("protocol", first, last)
            said = asked.exposed(first, 0).doubts if kind == "unknown" else ()
            own = _names(asked, first, 0, 0)
            yield Difference(kind, asked.family, what, some, own, said)


def _of_basics(asked: _Asked) -> Iterator[Difference]:
    """Yield what a network or any connection of the host itself would lack."""
    family = asked.family
    for kept in KEPT:
        if kept.family != family:
            continue
        name = "icmp" if family == "ipv4" else "icmpv6"
        wanted = everything(family)
        if kept.source:
            wanted = sources((kept.source,)).of(family)
        for number in kept.types:
            found = asked.told(kept.protocol, icmp=(number, 0))
            lacking = wanted - found.accepted - found.unknown
            if lacking and kept.errors:
                # Those that belong to a connection are the ones that count.
                found = asked.told(kept.protocol, icmp=(number, 0), state="related")
                lacking = lacking - found.accepted - found.unknown
            if lacking:
                what, names = f"{name} type {number}", (kept.name,)
                yield Difference("missing", family, what, lacking, names)
    for protocol, name in _NAMES.items():
        found = asked.told(protocol, _USUAL, 443, state="established")
        lacking = everything(family) - found.accepted - found.unknown
        if lacking:
            what = f"{name} answers"
            names = ("answers to connections of the host",)
            yield Difference("missing", family, what, lacking, names)


def differences(
    policy: Policy, rules: Narrowed, family: Family, entry: str, destination: int = -1
) -> Iterator[Difference]:
    """Yield every difference of one family, for packets that come in by one way.

    A destination below 0 is some address of the host.
    """
    asked = _Asked(policy, rules, family, entry, destination)
    for protocol in _NAMES:
        yield from _of_ports(asked, protocol)
    yield from _of_protocols(asked)
    yield from _of_basics(asked)


def compare(policy: Policy, ruleset: Ruleset, entry: str) -> tuple[Difference, ...]:
    """Return every difference of both families, for packets by one interface."""
    short = folded(ruleset)
    return tuple(
        one
        for family in FAMILIES
        for one in differences(policy, Narrowed(short, family), family, entry)
    )
