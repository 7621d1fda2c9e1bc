"""Who reaches what on a host by the rules that are loaded there: worked out once."""

import ipaddress
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

import msgspec

from zmward.facts import Facts
from zmward.firewall.bans import without_bans
from zmward.firewall.cells import edges, flat
from zmward.firewall.exposed import Exposed
from zmward.firewall.folded import folded
from zmward.firewall.loaded import Loaded
from zmward.firewall.managers import parsed
from zmward.firewall.narrowed import Narrow, Narrowed
from zmward.firewall.openings import FAMILIES
from zmward.firewall.packet import Packet, probe, state
from zmward.firewall.ranges import NOTHING, Family, Ranges, everything, ranges
from zmward.firewall.reach import Step, reach
from zmward.firewall.rules import FLAGS, Flagged, Ruleset
from zmward.firewall.sent import Sent, taken
from zmward.firewall.ways import Held, Way, held, ways
from zmward.sources.addresses import ADDRESSES
from zmward.sources.firewall import FIREWALL

NEEDS: Final = (FIREWALL, ADDRESSES)
_PORTS: Final = 65_536
# Nobody names so many ports in a row by hand: what befalls them befalls the rest.
_WIDE: Final = 8192
_MOST_WAYS: Final = 64
_Kind = tuple[str, int]
_NOTHING_SEEN: Final = Held()
_VERSIONS: Final[Mapping[Family, int]] = {"ipv4": 4, "ipv6": 6}


class Entrants(msgspec.Struct, frozen=True):
    """Who reaches a port by some way, surely or possibly, and by which rules."""

    accepted: Ranges = NOTHING
    unknown: Ranges = NOTHING
    doubts: tuple[str, ...] = ()
    by: tuple[tuple[str, Step], ...] = ()


def _mask(ruleset: Ruleset) -> int:
    """Return the flags of TCP at which any rule looks."""
    found = 0
    for chain in ruleset.chains.values():
        for rule in chain.rules:
            for match in flat(rule.matches):
                found |= match.mask if isinstance(match, Flagged) else 0
    return found


def _kind(family: Family, protocol: int, flags: int, mask: int) -> _Kind:
    """Return what rules see of a packet's flags: its state, and those they name."""
    return state(Packet(family, 0, 0, protocol, flags=flags)), flags & mask


def _far_ipv6(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.version == 6 and not address.is_loopback  # noqa: PLR2004  # IPv6


class Live:
    """The rules that are loaded on one host, and what was asked of them already.

    They are judged as if nobody were banned: bans come and go.
    """

    def __init__(self, loaded: Loaded, own: Held = _NOTHING_SEEN) -> None:
        """Begin with what is loaded, and the host's own interfaces and addresses.

        Whether IPv6 is in use is not known where no address was seen.
        """
        self.missing = loaded.missing
        self.rules = loaded.rules
        found = [ipaddress.ip_address(address) for address in own.addresses]
        self.own = {
            family: ranges((int(a),) * 2 for a in found if a.version == version)
            for family, version in _VERSIONS.items()
        }
        self.ipv6 = any(map(_far_ipv6, found)) if found else None
        short = folded(without_bans(loaded.rules)[0])
        self.narrowed = {family: Narrowed(short, family) for family in FAMILIES}
        self.ways = {family: ways(short, family, own) for family in FAMILIES}
        self._sent = {
            family: Sent(narrow.ruleset, own.addresses)
            for family, narrow in self.narrowed.items()
        }
        self._mask = _mask(loaded.rules)
        self._kept: dict[tuple[Narrow, int, Family, Way, _Kind], Exposed] = {}

    def filters(self, family: Family) -> bool:
        """Say whether any chain looks at packets of a family."""
        return bool(self.rules.base(family))

    def _met(self, family: Family, destination: int) -> tuple[Way, ...]:
        found = self.ways[family]
        if destination < 0:
            return found
        names = {way.entry: way.said for way in found}
        return tuple(
            Way(entry, destination, tuple(n for n in said if not n.startswith("to ")))
            for entry, said in names.items()
        )

    def _one(
        self, protocol: int, port: int, family: Family, way: Way, flags: int
    ) -> Exposed:
        narrow = self.narrowed[family].of(protocol, port)
        kind = _kind(family, protocol, flags, self._mask)
        key = (narrow, protocol, family, way, kind)
        if key not in self._kept:
            self._kept[key] = narrow.exposure.of(
                *(protocol, port, family),
                destination=way.destination,
                entry=way.entry,
                flags=flags,
            )
        return self._kept[key]

    def _led(
        self, protocol: int, port: int, family: Family, way: Way, flags: int
    ) -> Iterator[Exposed]:
        """Yield who reaches a port by another one that leads to it."""
        for origin in self._sent[family].origins(port):
            narrow = self.narrowed[family].of(protocol, origin.port)
            packet = Packet(
                *(family, 0, way.destination, protocol),
                destination_port=origin.port,
                flags=flags,
                entry=way.entry,
            )
            kind = probe(packet, marked=narrow.marked)
            told = reach(narrow.ruleset, kind, everything(family), narrow.memory)
            some = taken(told, port)
            steps = tuple(s for s in told.trail if s.rule.port == port)
            yield Exposed(
                told.accepted & some,
                told.unknown & some,
                tuple(doubt.text for doubt in told.doubts),
                by=steps,
            )

    def reached(
        self,
        protocol: int,
        port: int,
        family: Family,
        *,
        destination: int = -1,
        flags: int = FLAGS["SYN"],
    ) -> Entrants:
        """Return who reaches a port of one of the host's addresses, or of any.

        What a back end that could not be asked may still stop is unknown.
        """
        met = self._met(family, destination)
        if len(met) > _MOST_WAYS:
            why = f"more than {_MOST_WAYS} ways in that the rules tell apart"
            return Entrants(unknown=everything(family), doubts=(why,))
        doubts = dict.fromkeys(self._sent[family].doubts(port))
        accepted, unknown = NOTHING, everything(family) if doubts else NOTHING
        by: list[tuple[str, Step]] = []
        for way in met:
            asked = (protocol, port, family, way, flags)
            for told in (self._one(*asked), *self._led(*asked)):
                accepted, unknown = accepted | told.accepted, unknown | told.unknown
                doubts |= dict.fromkeys(told.doubts)
                by += [(", ".join(way.said[:3]), step) for step in told.by]
        if self.missing:
            why = f"not asked: {', '.join(self.missing)}"
            return Entrants(NOTHING, accepted | unknown, (why, *doubts))
        return Entrants(accepted, unknown - accepted, tuple(doubts), tuple(by))

    def wide(self, family: Family) -> tuple[int, ...]:
        """Return a port of the longest row of ports that no rule tells apart.

        Other rows follow, where they are too long to have been named on purpose.
        """
        asked = edges(self.narrowed[family].ports)
        cuts = sorted({1, _PORTS, *(n for n in asked if 0 < n < _PORTS)})
        rows = sorted(((b - a, a) for a, b in pairwise(cuts)), reverse=True)
        others = (first for size, first in rows[1:] if size >= _WIDE)
        return (rows[0][1], *others)


def loaded_rules(facts: Facts, host: str) -> Live:
    """Return the rules that are loaded on a host; Unseen where nobody knows."""
    return facts.kept(
        "live rules", host, lambda: Live(parsed(facts, host), held(facts, host))
    )
