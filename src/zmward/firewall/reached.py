"""From which zones each listening socket is reached, by the rules that are loaded."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from zmward.catalog.foreign_ports import foreign
from zmward.firewall.grid import Cell, Grid, Row, amiss, cell, meant
from zmward.firewall.live import Live
from zmward.firewall.openings import EVERYBODY, FAMILIES, Sources, Zone
from zmward.firewall.ranges import Family, Ranges
from zmward.firewall.rules import PROTOCOLS
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


def entrants(rules: Live, listener: Listener) -> Reached:
    """Return who reaches a socket of the network."""
    number = PROTOCOLS.get(listener.protocol)
    if number is None:
        return Reached(unknown=EVERYBODY, heard=frozenset(FAMILIES))
    families, address = _bound(listener)
    found = Reached()
    for family in families:
        # A host without an address of IPv6 hears nothing over it.
        if family == "ipv6" and rules.ipv6 is False:
            continue
        told = rules.reached(number, listener.port, family, destination=address)
        found |= Reached(
            Sources(**{family: told.accepted}),
            Sources(**{family: told.unknown}),
            frozenset({family}),
        )
    return found


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
