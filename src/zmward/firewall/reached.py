"""From which zones each listening socket is reached, by the rules that are loaded."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from zmward.catalog.foreign_ports import foreign
from zmward.firewall.bans import without_bans
from zmward.firewall.folded import folded
from zmward.firewall.grid import Cell, Grid, Row, amiss, cell, meant
from zmward.firewall.loaded import Loaded
from zmward.firewall.narrowed import Narrow, Narrowed
from zmward.firewall.openings import EVERYBODY, FAMILIES, Sources, Zone
from zmward.firewall.ranges import Family, Ranges
from zmward.firewall.rules import PROTOCOLS
from zmward.firewall.ways import Held, ways
from zmward.sources.listeners import Listener

_ORDER: Final[Mapping[Cell, int]] = {"open": 0, "part": 1, "unknown": 2, "closed": 3}
_VERSIONS: Final[Mapping[int, Family]] = {4: "ipv4", 6: "ipv6"}
_ANY: Final = -1
Names = Mapping[tuple[str, int], str]


class Reached(msgspec.Struct, frozen=True):
    """The sources that reach a socket, and those of which nobody can tell.

    `heard` are the families in which it takes packets at all.
    """

    accepted: Sources = Sources()
    unknown: Sources = Sources()
    heard: frozenset[Family] = frozenset()

    def __or__(self, other: "Reached") -> "Reached":
        """Return what is true of either of two sockets."""
        accepted = self.accepted | other.accepted
        unknown = self.unknown | other.unknown
        return Reached(accepted, unknown, self.heard | other.heard)

    def within(self, zone: Sources) -> Sources:
        """Return a zone's addresses of the families in which it takes packets."""
        return Sources(
            zone.ipv4 if "ipv4" in self.heard else Ranges(),
            zone.ipv6 if "ipv6" in self.heard else Ranges(),
        )


def _bound(listener: Listener) -> tuple[tuple[Family, ...], int]:
    """Return the families in which a socket takes packets, and its address."""
    if listener.address == "*":
        return FAMILIES, _ANY
    found = ipaddress.ip_address(listener.address)
    family = _VERSIONS[found.version]
    return (family,), _ANY if found.is_unspecified else int(found)


class Judge:
    """Asks one node's rules for many sockets; what no rule tells apart only once."""

    def __init__(self, loaded: Loaded, own: Held) -> None:
        """Begin with the loaded rules, and the host's interfaces and addresses."""
        short = folded(without_bans(loaded.rules)[0])
        self._rules = {family: Narrowed(short, family) for family in FAMILIES}
        self._ways = {family: ways(short, family, own) for family in FAMILIES}
        self._blind = bool(loaded.missing)
        self._kept: dict[
            tuple[int, int, Family, int], tuple[Narrow, Ranges, Ranges]
        ] = {}

    def of(self, listener: Listener) -> Reached:
        """Return who reaches a socket of the network."""
        number = PROTOCOLS.get(listener.protocol)
        if number is None:
            return Reached(unknown=EVERYBODY, heard=frozenset(FAMILIES))
        families, address = _bound(listener)
        found = Reached()
        for family in families:
            accepted, unknown = self._asked(number, listener.port, family, address)
            if self._blind:
                # What was not asked may stop whatever these rules let in.
                accepted, unknown = Ranges(), accepted | unknown
            found |= Reached(
                Sources(**{family: accepted}),
                Sources(**{family: unknown}),
                frozenset({family}),
            )
        return found

    def _asked(
        self, protocol: int, port: int, family: Family, address: int
    ) -> tuple[Ranges, Ranges]:
        rules = self._rules[family].of(protocol, port)
        key = (id(rules), protocol, family, address)
        if key not in self._kept:
            accepted, unknown = Ranges(), Ranges()
            for way in self._ways[family]:
                place = way.destination if address == _ANY else address
                told = rules.exposure.of(
                    protocol, port, family, destination=place, entry=way.entry
                )
                accepted, unknown = accepted | told.accepted, unknown | told.unknown
            # The rules are kept, so that their id stays theirs.
            self._kept[key] = (rules, accepted, unknown - accepted)
        return self._kept[key][1:]


def _name(one: Listener, names: Names) -> str:
    row = foreign(one.protocol, one.port)
    known = names.get((one.protocol, one.port)) or (row.name if row else "")
    return known or one.program or "?"


def _weight(row: Row, zones: Iterable[Zone]) -> tuple[object, ...]:
    pairs = tuple(zip(zones, row.cells, strict=True))
    bad = any(amiss(row, zone, found) for zone, found in pairs)
    return (not bad, tuple(_ORDER[found] for _, found in pairs))


def reached(
    sockets: Iterable[tuple[Listener, Reached]],
    known: Mapping[Zone, Sources],
    names: Names,
) -> Grid:
    """Return the picture of what listens for the network, the worst on top."""
    found: dict[tuple[str, int], Reached] = {}
    called: dict[tuple[str, int], str] = {}
    for one, who in sockets:
        key = (one.protocol, one.port)
        found[key] = found.get(key, Reached()) | who
        called.setdefault(key, _name(one, names))
    cells: dict[Reached, tuple[Cell, ...]] = {}
    rows = []
    for (protocol, port), who in sorted(found.items(), key=lambda item: item[0][1]):
        if who not in cells:
            cells[who] = tuple(
                cell(zone, who.within(addresses), who.accepted, who.unknown)
                for zone, addresses in known.items()
            )
        name = called[protocol, port]
        rows.append(Row(name, (f"{protocol} {port}",), cells[who], meant(name)))
    zones = tuple(known)
    return Grid(zones, tuple(sorted(rows, key=lambda row: _weight(row, zones))))
