"""Packets by chance, many of them at the boundaries of any rule."""

import random

from msgspec.structs import replace

from lab.aimed import (
    ERRORS,
    HERE,
    ODD,
    OWN,
    TYPES_SENT,
    Shot,
    Target,
    answered,
    related,
    usable,
)
from lab.ways import looked_at
from zmward.firewall.packet import TCP, UDP, Packet
from zmward.firewall.ranges import Family, network
from zmward.firewall.rules import FLAGS, PROTOCOLS

NETWORKS: dict[Family, tuple[str, ...]] = {
    "ipv4": ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8"),
    "ipv6": ("2001:db8::/32", "2001:db9::/32", "fd00::/64", "2001:db8:1::/48"),
}
PORTS = (22, 25, 53, 80, 443, 514, 7025, 7071, 11211)
_PORT_LAST = 65535
_PAIRS = 50
_AT_EDGES, _SPORT_AT_EDGES, _OPENS, _USUAL_WAY = 0.6, 0.1, 0.7, 0.9
_ANSWERS, _ERRORS = 0.05, 0.02


class Chance:
    """Gives random packets for one rule set."""

    def __init__(self, target: Target, dice: random.Random) -> None:
        """Begin with all boundaries of the rules."""
        self._target, self._dice = target, dice
        found: dict[str, set[int]] = {"source": set(), "port": set()}
        for aim in target.aims:
            for name, values in looked_at(aim.rule.matches):
                of = "port" if name.endswith("port") else name
                for first, last in values.pairs[:_PAIRS] if of in found else ():
                    found[of].update((first - 1, first, last, last + 1))
        self._sources = sorted(n for n in found["source"] if usable(n, target.family))
        self._ports = sorted(n for n in found["port"] if 0 < n <= _PORT_LAST)

    def _source(self) -> int:
        if self._sources and self._dice.random() < _AT_EDGES:
            return self._dice.choice(self._sources)
        chosen = self._dice.choice(NETWORKS[self._target.family])
        return self._dice.randint(*network(chosen)[1])

    def _port(self, at_edges: float, usual: tuple[int, ...]) -> int:
        if self._ports and self._dice.random() < at_edges:
            return self._dice.choice(self._ports)
        return self._dice.choice((*usual, self._dice.randint(1, _PORT_LAST)))

    def _packet(self) -> Packet:
        dice, family = self._dice, self._target.family
        gre = PROTOCOLS["gre"]
        usual = dice.random() < _USUAL_WAY
        return Packet(
            *(family, self._source(), HERE[family]),
            dice.choice((TCP, TCP, TCP, TCP, UDP, UDP, OWN[family], gre)),
            self._port(_SPORT_AT_EDGES, ()),
            self._port(_AT_EDGES, PORTS),
            FLAGS["SYN"] if dice.random() < _OPENS else dice.choice(ODD),
            dice.choice(TYPES_SENT[family]),
            entry="eth0" if usual else dice.choice(self._target.interfaces),
        )

    def shot(self) -> Shot:
        """Return a packet: mostly a first one, now and then an answer or an error."""
        packet = self._packet()
        if packet.protocol in (TCP, UDP) and self._dice.random() < _ANSWERS:
            return answered(packet)
        if packet.protocol == OWN[packet.family] and self._dice.random() < _ERRORS:
            error = self._dice.choice(ERRORS[packet.family])
            return related(replace(packet, icmp=error), self._dice)
        return Shot(packet)
