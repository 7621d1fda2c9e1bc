"""Who reaches what on a host by the rules that are loaded there: worked out once."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Final

import msgspec

from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.firewall import sent
from zmward.firewall.cells import cells, edges
from zmward.firewall.exposed import Exposed
from zmward.firewall.folded import folded
from zmward.firewall.loaded import Loaded, live
from zmward.firewall.narrowed import Narrow, Narrowed
from zmward.firewall.openings import FAMILIES
from zmward.firewall.packet import Packet, probe
from zmward.firewall.ranges import NOTHING, Family, Ranges, everything, ranges
from zmward.firewall.reach import Step, reach
from zmward.firewall.rules import FLAGS, AnyOf, Enters, Match, OneOf, Ruleset
from zmward.sources.addresses import ADDRESSES
from zmward.sources.firewall import FIREWALL
from zmward.sources.interfaces import INTERFACES
from zmward.sources.source import Unreadable

NEEDS: Final = (FIREWALL, INTERFACES, ADDRESSES)
_PORTS: Final = 65_536
# Nobody names so many ports in a row by hand: what befalls them befalls the rest.
_WIDE: Final = 8192
_MOST_WAYS: Final = 64
_VERSIONS: Final[Mapping[Family, int]] = {"ipv4": 4, "ipv6": 6}


class Way(msgspec.Struct, frozen=True):
    """One way to a host: by which interface, to which of its addresses."""

    entry: str
    destination: int


class Reached(msgspec.Struct, frozen=True):
    """Who reaches a port by some way, surely or possibly, and by which rules."""

    accepted: Ranges = NOTHING
    unknown: Ranges = NOTHING
    doubts: tuple[str, ...] = ()
    by: tuple[tuple[str, Step], ...] = ()


def _patterns(matches: Iterable[Match]) -> Iterator[str]:
    for match in matches:
        if isinstance(match, Enters):
            yield from match.names
        elif isinstance(match, AnyOf):
            yield from _patterns(match.matches)
        elif isinstance(match, OneOf) and "entry" in match.fields:
            place = match.fields.index("entry")
            yield from (str(row[place]) for row in match.rows)


def _fits(pattern: str, name: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return name == pattern


def _entries(ruleset: Ruleset, names: Iterable[str]) -> tuple[str, ...]:
    """Return one interface of each kind that the rules tell apart."""
    asked: set[str] = set()
    for chain in ruleset.chains.values():
        asked.update(chain.devices)
        for rule in chain.rules:
            asked.update(_patterns(rule.matches))
    kinds: dict[frozenset[str], str] = {}
    for name in names:
        kinds.setdefault(frozenset(p for p in asked if _fits(p, name)), name)
    return tuple(kinds.values()) or ("",)


def _destinations(ruleset: Ruleset, own: Iterable[int]) -> tuple[int, ...]:
    """Return one of the host's addresses of each kind that the rules tell apart."""
    asked = tuple(cells(ruleset, "destination"))
    kinds: dict[frozenset[int], int] = {}
    for address in own if asked else ():
        kind = frozenset(n for n, some in enumerate(asked) if address in some)
        kinds.setdefault(kind, address)
    return tuple(kinds.values()) or (-1,)


def _far_ipv6(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.version == 6 and not address.is_loopback  # noqa: PLR2004  # IPv6


class Live:
    """The rules that are loaded on one host, and what was asked of them already."""

    def __init__(
        self,
        loaded: Loaded,
        interfaces: Iterable[str] = (),
        addresses: Sequence[str] | None = None,
    ) -> None:
        """Begin with what is loaded, and the host's own interfaces and addresses.

        Whether IPv6 is in use is not known where the addresses are not.
        """
        self.missing = loaded.missing
        self.rules = loaded.rules
        own = [ipaddress.ip_address(address) for address in addresses or ()]
        self.own = {
            family: ranges((int(a),) * 2 for a in own if a.version == version)
            for family, version in _VERSIONS.items()
        }
        self.ipv6 = None if addresses is None else any(map(_far_ipv6, own))
        names = tuple(interfaces)
        self._names = tuple(addresses or ())
        short = folded(loaded.rules)
        self.narrowed = {family: Narrowed(short, family) for family in FAMILIES}
        self.entries = {
            family: _entries(narrow.ruleset, names)
            for family, narrow in self.narrowed.items()
        }
        self._destinations = {
            family: _destinations(
                self.narrowed[family].ruleset,
                (int(a) for a in own if a.version == version and not a.is_loopback),
            )
            for family, version in _VERSIONS.items()
        }
        self._kept: dict[tuple[Narrow, int, Family, Way, int], Exposed] = {}

    def filters(self, family: Family) -> bool:
        """Say whether any chain looks at packets of a family."""
        return bool(self.rules.base(family))

    def _ways(self, family: Family, destination: int) -> tuple[Way, ...]:
        places = self._destinations[family]
        if destination >= 0 and places != (-1,):
            places = (destination,)
        return tuple(Way(e, d) for e in self.entries[family] for d in places)

    def _one(
        self, protocol: int, port: int, family: Family, way: Way, flags: int
    ) -> Exposed:
        narrow = self.narrowed[family].of(protocol, port)
        key = (narrow, protocol, family, way, flags)
        if key not in self._kept:
            self._kept[key] = narrow.exposure.of(
                *(protocol, port, family),
                destination=way.destination,
                entry=way.entry,
                flags=flags,
            )
        return self._kept[key]

    def _sent(
        self, protocol: int, port: int, family: Family, way: Way, flags: int
    ) -> Iterator[Exposed]:
        """Yield who reaches a port by another one that leads to it."""
        for origin in sent.origins(self.narrowed[family].ruleset, port):
            narrow = self.narrowed[family].of(protocol, origin.port)
            packet = Packet(
                *(family, 0, way.destination, protocol),
                destination_port=origin.port,
                flags=flags,
                entry=way.entry,
            )
            kind = probe(packet, marked=narrow.marked)
            told = reach(narrow.ruleset, kind, everything(family), narrow.memory)
            some = sent.taken(told, port)
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
    ) -> Reached:
        """Return who reaches a port of one of the host's addresses, or of any.

        What a back end that could not be asked may still stop is unknown.
        """
        ways = self._ways(family, destination)
        if len(ways) > _MOST_WAYS:
            why = f"more than {_MOST_WAYS} ways in that the rules tell apart"
            return Reached(unknown=everything(family), doubts=(why,))
        accepted = NOTHING
        led = sent.doubts(self.narrowed[family].ruleset, port, self._names)
        unknown = sent.unknown(family, led)
        doubts = dict.fromkeys(led)
        by: list[tuple[str, Step]] = []
        for way in ways:
            asked = (protocol, port, family, way, flags)
            for told in (self._one(*asked), *self._sent(*asked)):
                accepted, unknown = accepted | told.accepted, unknown | told.unknown
                doubts |= dict.fromkeys(told.doubts)
                by += [(way.entry if len(ways) > 1 else "", step) for step in told.by]
        if self.missing:
            why = f"not asked: {', '.join(self.missing)}"
            return Reached(NOTHING, accepted | unknown, (why, *doubts))
        return Reached(accepted, unknown - accepted, tuple(doubts), tuple(by))

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

    def made() -> Live:
        text = facts.read(FIREWALL, host)
        try:
            found = live(text)
        except Unreadable as error:
            raise Unseen(Missing(f"firewall: {error}", "unparsed")) from error
        names: tuple[str, ...] = ()
        addresses: tuple[str, ...] | None = None
        with suppress(Unseen):
            names = facts.read(INTERFACES, host)
        with suppress(Unseen):
            addresses = facts.read(ADDRESSES, host)
        return Live(found, names, addresses)

    return facts.kept("live rules", host, made)
