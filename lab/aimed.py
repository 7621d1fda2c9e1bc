"""Packets aimed at rules: each is to be hit, and each boundary met from both sides."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from lab.frames import opening
from lab.network import GATEWAY_IPV4, GATEWAY_IPV6, NODE_IPV4, NODE_IPV6
from lab.ways import Aim, Wanted, Way, aims, looked_at
from lab.wire import LINK_LOCAL
from zmward.firewall.packet import ICMP, ICMPV6, TCP, UDP, Packet, probe, state
from zmward.firewall.ranges import BITS, Family, Ranges, everything, network
from zmward.firewall.reach import Reach, Step, reach
from zmward.firewall.rules import FLAGS, PROTOCOLS, STATES, TYPES, Field, Ruleset
from zmward.firewall.verdict import marking

HERE: dict[Family, int] = {
    "ipv4": network(NODE_IPV4)[1][0],
    "ipv6": network(NODE_IPV6)[1][0],
}
GROUPS: dict[Family, tuple[int, int]] = {
    "ipv4": network("224.0.0.0/4")[1],
    "ipv6": network("ff00::/8")[1],
}
LIMITED_BROADCAST = network("255.255.255.255")[1][0]
OWN: dict[Family, int] = {"ipv4": ICMP, "ipv6": ICMPV6}
ANSWERS: dict[Family, tuple[int, int]] = {"ipv4": (0, 0), "ipv6": (129, 0)}
ERRORS: dict[Family, tuple[tuple[int, int], ...]] = {
    "ipv4": ((3, 1), (3, 3), (11, 0), (12, 0)),
    "ipv6": ((1, 4), (3, 0), (2, 0), (4, 0)),
}
TYPES_SENT: dict[Family, tuple[tuple[int, int], ...]] = {
    "ipv4": ((8, 0), (0, 0), (3, 1), (3, 4), (11, 0), (13, 0), (5, 1)),
    "ipv6": ((128, 0), (129, 0), (1, 0), (2, 0), (3, 0), (135, 0), (136, 0), (134, 0)),
}
_S, _A, _F, _R = FLAGS["SYN"], FLAGS["ACK"], FLAGS["FIN"], FLAGS["RST"]
_P, _U = FLAGS["PSH"], FLAGS["URG"]
ODD = (0, _A, _S | _A, _R, _F, _F | _A, _F | _P | _U, _S | _F, 63, _S | 192, _P | _A)
# Addresses that routing itself refuses, whatever the rules say; and the other end's,
# which would answer the host by itself.
_REFUSED: dict[Family, tuple[str, ...]] = {
    "ipv4": (
        *("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "192.0.2.255/32"),
        *("192.0.2.0/32", "192.0.2.10/32", f"{GATEWAY_IPV4}/32"),
    ),
    "ipv6": (
        *("::/8", "ff00::/8", f"{NODE_IPV6}/128", f"{LINK_LOCAL}/128"),
        f"{GATEWAY_IPV6}/128",
    ),
}
REFUSED: dict[Family, Ranges] = {
    family: Ranges(tuple(sorted(network(text)[1] for text in texts)))
    for family, texts in _REFUSED.items()
}
# Headers that packets of these need are not made here, or belong to IPv6 itself.
_NOT_MADE = frozenset(
    {0, 6, 17, 1, 58, 33, 132, 136, 43, 44, 51, 59, 60, 135, 139, 140}
)
_ATTEMPTS, _PAIRS, _FROM_EACH, _BLIND = 12, 40, 3, 2


@dataclass(frozen=True)
class Shot:
    """A packet, and what the host sent before that it answers or complains about."""

    packet: Packet
    begun: Packet | None = None
    quotes: bool = False


@dataclass(frozen=True)
class Target:
    """A rule set of one family, and by which interfaces and to whom packets come."""

    ruleset: Ruleset
    family: Family
    interfaces: tuple[str, ...]

    def told(self, packet: Packet) -> Reach:
        """Return what becomes of a kind of packet, from everywhere."""
        kind = probe(packet, marked=self.marked)
        return reach(self.ruleset, kind, everything(self.family))

    @cached_property
    def aims(self) -> list[Aim]:
        """Return the rules that are aimed at."""
        return aims(self.ruleset, self.family)

    @cached_property
    def marked(self) -> bool:
        """Say whether a rule sets a mark."""
        return marking(self.ruleset)

    @cached_property
    def destinations(self) -> list[int]:
        """Return the host's address, and others for which rules ask by name."""
        found = {HERE[self.family]: None}
        first, last = GROUPS[self.family]
        for aim in self.aims:
            for way in aim.ways:
                for name, values in looked_at(way):
                    if name == "destination":
                        found |= dict.fromkeys(
                            low for low, _ in values.pairs if first <= low <= last
                        )
                    if name == "destination-type" and TYPES["broadcast"] in values:
                        found[LIMITED_BROADCAST] = None
                    if name == "destination-type" and TYPES["multicast"] in values:
                        found[first + 1 if self.family == "ipv4" else _ALL6] = None
        if self.family == "ipv6":
            found[network(LINK_LOCAL)[1][0]] = None
        else:
            found[LIMITED_BROADCAST] = None
        return list(found)


_ALL6 = network("ff02::1")[1][0]


def usable(number: int, family: Family) -> bool:
    """Say whether packets from an address come as far as the rules."""
    return 0 < number < 1 << BITS[family] and number not in REFUSED[family]


def pick(span: Ranges, dice: random.Random) -> int | None:
    """Return a number of a set: often the first or the last of a range."""
    if not span:
        return None
    first, last = dice.choice(span.pairs)
    return dice.choice((first, last, dice.randint(first, last)))


def _protocol(wanted: Wanted, family: Family, dice: random.Random) -> int | None:
    span = wanted["protocol"]
    usual = [TCP, TCP, UDP, OWN[family], PROTOCOLS["gre"]]
    if {"source-port", "destination-port"} & wanted.asked:
        usual = [TCP, TCP, UDP]
    if wanted.flags:
        usual = [TCP]
    if "icmp" in wanted.asked:
        usual = [OWN[family]]
    found = [number for number in usual if number in span]
    if found or len(usual) < 5 or not span:  # noqa: PLR2004  # a field was asked for
        return dice.choice(found) if found else None
    rest = [n for n in range(256) if n in span and n not in _NOT_MADE]
    return dice.choice(rest) if rest else None


def _flags(wanted: Wanted, packet: Packet, dice: random.Random) -> int | None:
    """Return TCP flags that a way lets pass, and in a state that it asks for."""
    found = []
    for flags in (_S, *dice.sample(range(64), 64), *ODD):
        trial = replace(packet, flags=flags)
        if all(match.take(probe(trial)).possible is None for match in wanted.flags):
            if STATES[state(trial)] in wanted["state"]:
                return flags
            found.append(flags)
    # A state that no packet has by itself is made by rules, or there is none.
    return found[0] if found else None


def _entry(wanted: Wanted, target: Target, dice: random.Random) -> str | None:
    found = [
        name
        for name in target.interfaces
        if all(
            match.take(probe(_blank(target.family, name))).possible is None
            for match in wanted.enters
        )
    ]
    return found[0] if "eth0" in found else dice.choice(found) if found else None


def _blank(family: Family, entry: str) -> Packet:
    return Packet(family, 1, HERE[family], UDP, entry=entry)


def _destination(wanted: Wanted, target: Target, dice: random.Random) -> int | None:
    found = []
    for number in target.destinations:
        packet = replace(_blank(target.family, "eth0"), destination=number)
        fields = probe(packet).fields
        if number in wanted["destination"] and all(
            (fields[name] or 0) in wanted[name]
            for name in ("destination-type", "packet-type")
            if name in wanted.asked
        ):
            found.append(number)
    if HERE[target.family] in found:
        return HERE[target.family]
    return dice.choice(found) if found else None


def _known(wanted: Wanted, dice: random.Random) -> str:
    """Return the state of a connection that a way asks for; none for a first packet."""
    if "state" not in wanted.asked or STATES["new"] in wanted["state"]:
        return ""
    found = [w for w in ("established", "related") if STATES[w] in wanted["state"]]
    return dice.choice(found) if found else ""


def kind(target: Target, way: Way, dice: random.Random) -> Shot | None:
    """Return a packet as one way asks for, from anywhere; None where none was found."""
    wanted = Wanted(target.family, way, dice)
    family, known = target.family, _known(wanted, dice)
    protocol = _protocol(wanted, family, dice)
    entry, there = _entry(wanted, target, dice), _destination(wanted, target, dice)
    port = pick(wanted["destination-port"], dice)
    if None in (protocol, entry, there, port) or not wanted["source-port"]:
        return None
    sport = dice.randint(1024, 65535)
    if "source-port" in wanted.asked:
        sport = pick(wanted["source-port"], dice) or sport
    number = pick(wanted["icmp"], dice) if "icmp" in wanted.asked else None
    icmp = divmod(number, 256) if number is not None else None
    packet = Packet(
        *(family, 0, there or 0, protocol or 0, sport, port or 0),
        icmp=icmp or dice.choice(TYPES_SENT[family]),
        entry=entry or "",
    )
    if known:
        return _later(packet, known, icmp, wanted, dice)
    flags = _flags(wanted, packet, dice) if protocol == TCP else _S
    return None if flags is None else Shot(replace(packet, flags=flags))


def _later(
    packet: Packet,
    known: str,
    icmp: tuple[int, int] | None,
    wanted: Wanted,
    dice: random.Random,
) -> Shot | None:
    """Return an answer to what the host has sent, or an error about it."""
    family = packet.family
    if packet.destination != HERE[family]:
        return None
    if known == "related":
        if OWN[family] not in wanted["protocol"] or wanted.flags:
            return None
        error = icmp if icmp in ERRORS[family] else dice.choice(ERRORS[family])
        return related(replace(packet, icmp=error), dice)
    if packet.protocol not in (TCP, UDP, OWN[family]):
        packet = replace(packet, protocol=UDP)
    return answered(packet)


def answered(packet: Packet) -> Shot:
    """Return an answer, and the packet of the host that it answers."""
    own = replace(
        packet, state="established", flags=_S | _A, icmp=ANSWERS[packet.family]
    )
    return Shot(own, opening(own))


def related(packet: Packet, dice: random.Random) -> Shot:
    """Return an error of ICMP about a datagram that the host has sent to somebody."""
    family = packet.family
    far = network("198.18.0.0/15" if family == "ipv4" else "2001:db8:ffff::/48")[1]
    begun = Packet(
        *(family, dice.randint(*far), HERE[family], UDP),
        dice.randint(1024, 65535),
        dice.randint(1024, 65535),
        entry="eth0",
    )
    own = replace(packet, protocol=OWN[family], state="related")
    return Shot(own, opening(begun), quotes=True)


def _from(shot: Shot, source: int) -> Shot:
    packet = replace(shot.packet, source=source)
    if packet.state == "established":
        return Shot(packet, opening(packet))
    return _with(shot, packet)


def _with(shot: Shot, packet: Packet) -> Shot:
    """Return a shot with another packet, about the same datagram."""
    return Shot(packet, shot.begun, shot.quotes)


def _sources(span: Ranges, family: Family, dice: random.Random) -> list[int]:
    left = span - REFUSED[family]
    found = (pick(left, dice) for _ in range(_FROM_EACH))
    return list(dict.fromkeys(n for n in found if n is not None and usable(n, family)))


def blind(target: Target, aim: Aim, dice: random.Random) -> Iterator[Shot]:
    """Yield packets as a rule asks for, whatever the engine says of them."""
    for way in dice.sample(aim.ways, min(_BLIND, len(aim.ways))):
        wanted = Wanted(target.family, way, dice)
        source = pick(wanted["source"] - REFUSED[target.family], dice)
        shot = kind(target, way, dice)
        if shot is None or source is None:
            continue
        yield _from(shot, source)
        if shot.packet.protocol == TCP and shot.begun is None:
            yield Shot(replace(shot.packet, source=source, flags=dice.choice(ODD)))


def from_sources(
    shot: Shot, step: Step, family: Family, dice: random.Random
) -> Iterator[Shot]:
    """Yield a packet from some of the addresses that hit a rule."""
    for source in _sources(step.sources, family, dice):
        yield _from(shot, source)


def _hitting(told: Reach, aim: Aim) -> Step | None:
    steps = (step for step in told.trail if step.rule is aim.rule and step.sure)
    return next(steps, None)


def hits(
    target: Target, aim: Aim, dice: random.Random
) -> Iterator[tuple[Shot, Step, Way]]:
    """Yield packets that hit a rule, surely, as the engine says of all sources."""
    found = 0
    for _ in range(_ATTEMPTS):
        way = dice.choice(aim.ways)
        shot = kind(target, way, dice)
        if shot is None:
            continue
        step = _hitting(target.told(shot.packet), aim)
        if step is None:
            continue
        own = list(from_sources(shot, step, target.family, dice))
        yield from ((one, step, way) for one in own)
        found += bool(own)
        if found > 1:
            return


def _edges(values: Ranges, dice: random.Random) -> list[int]:
    pairs = values.pairs
    if len(pairs) > _PAIRS:
        pairs = (pairs[0], pairs[-1], *dice.sample(pairs, _PAIRS - 2))
    return [n for low, high in pairs for n in (low - 1, low, high, high + 1)]


_PORT_FIELDS: dict[Field, str] = {
    "source-port": "source_port",
    "destination-port": "destination_port",
}


def boundaries(
    target: Target, shot: Shot, step: Step, way: Way, dice: random.Random
) -> Iterator[Shot]:
    """Yield packets on and beside each boundary of the numbers that a way names."""
    family = target.family
    for name, values in looked_at(way):
        if name == "source":
            for number in _edges(values, dice):
                if usable(number, family):
                    yield _from(shot, number)
        elif name in _PORT_FIELDS and shot.packet.protocol in (TCP, UDP):
            sources = _sources(step.sources, family, dice)
            for number in _edges(values, dice):
                if 0 < number <= PORT_LAST and sources:
                    changed = {_PORT_FIELDS[name]: number}
                    own = replace(shot.packet, **changed)
                    yield _from(_with(shot, own), dice.choice(sources))


PORT_LAST = 65535


def targets(
    rulesets: Mapping[Family, Ruleset], interfaces: Sequence[str]
) -> tuple[Target, ...]:
    """Return what is aimed at: a rule set for each family."""
    return tuple(
        Target(ruleset, family, tuple(interfaces))
        for family, ruleset in rulesets.items()
    )
