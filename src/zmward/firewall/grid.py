"""Who reaches what: zones beside each other, services below each other."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from zmward.catalog.foreign_ports import of_socket
from zmward.catalog.ports import ports
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.openings import (
    EVERYBODY,
    FAMILIES,
    Opening,
    Policy,
    Sources,
    Zone,
)
from zmward.firewall.services import services
from zmward.firewall.topology import topology
from zmward.firewall.zones import sources, zones
from zmward.profile import ZONES
from zmward.sources.listeners import LISTENERS

# Open to all of a zone's addresses, to some, to none, or nobody can tell.
Cell = Literal["open", "part", "closed", "unknown"]
Meant = Literal["internet", "clients", "admin", "cluster", "loopback", ""]
Spans = tuple[tuple[int, int], ...]
_ORDER: tuple[Zone, ...] = (
    *("internet", "clients", "balancers", "monitoring", "cluster", "admin"),
    *("named", "link"),
)
_NEARLY: Final = 0.99
_WEIGHTS: Mapping[Cell, int] = {"open": 0, "part": 0, "unknown": 0, "closed": 1}


class Row(msgspec.Struct, frozen=True):
    """One service: its name, its packets (`tcp 25`), and a cell for each zone.

    `meant` is for whom the catalog means it; empty for what the catalog lacks.
    """

    name: str
    what: tuple[str, ...]
    cells: tuple[Cell, ...]
    meant: Meant = ""


class Shut(msgspec.Struct, frozen=True):
    """Something that stays closed; `listening` is None where nobody looked."""

    name: str
    what: tuple[str, ...]
    listening: bool | None


class Grid(msgspec.Struct, frozen=True):
    """The picture of one node: its columns, and its rows in their order."""

    zones: tuple[Zone, ...]
    rows: tuple[Row, ...]


def _without(one: Sources, two: Sources) -> Sources:
    return Sources(one.ipv4 - two.ipv4, one.ipv6 - two.ipv6)


def places(facts: Facts, host: str) -> dict[Zone, Sources]:
    """Return the zones in which there are addresses; the internet is all others."""
    own = facts.profile
    found = dict(zones(own, topology(facts, host).addresses))
    named = {n for one in own.firewall.allow for n in one.from_ if n not in ZONES}
    found["named"] = sources((*own.networks.relays, *sorted(named)))
    known = Sources()
    for zone, addresses in found.items():
        if zone != "internet":
            known |= addresses
    strangers = _without(EVERYBODY, known)
    found["internet"] = Sources(
        strangers.ipv4 or EVERYBODY.ipv4, strangers.ipv6 or EVERYBODY.ipv6
    )
    return {zone: found[zone] for zone in _ORDER if found.get(zone)}


def _nearly(addresses: Sources, accepted: Sources) -> bool:
    """Say whether so few addresses are left out that the rest is the internet."""
    for family in FAMILIES:
        own = addresses.of(family)
        if (own & accepted.of(family)).count() < _NEARLY * own.count():
            return False
    return True


def cell(zone: Zone, addresses: Sources, accepted: Sources, unknown: Sources) -> Cell:
    """Say how much of a zone gets in; bans of some make the internet no smaller."""
    if any(addresses.of(f) & accepted.of(f) for f in FAMILIES):
        whole = all(addresses.of(f) <= accepted.of(f) for f in FAMILIES)
        whole = whole or (zone == "internet" and _nearly(addresses, accepted))
        return "open" if whole else "part"
    doubtful = any(addresses.of(f) & unknown.of(f) for f in FAMILIES)
    return "unknown" if doubtful else "closed"


def span(first: int, last: int) -> str:
    """Return ports as people write them."""
    return str(first) if first == last else f"{first}-{last}"


def meant(name: str) -> Meant:
    """Return for whom the catalog means a service."""
    row = ports().get(name)
    return row.exposure if row else ""


def packets(protocols: Iterable[str], spans: Spans) -> tuple[str, ...]:
    """Return what a service's packets are called: `tcp 25`, `vrrp`."""
    words = ", ".join(span(first, last) for first, last in spans)
    return tuple(f"{protocol} {words}".strip() for protocol in protocols)


def _cells(found: Iterable[Opening], zones_: Mapping[Zone, Sources]) -> Iterator[Cell]:
    openings = tuple(found)
    accepted = Sources()
    for one in openings:
        # Whoever may send DHCP's answers reaches nothing with them.
        accepted |= Sources() if one.zone == "link" else one.sources
    for zone, addresses in zones_.items():
        if zone == "link" or (zone == "named" and not addresses):
            yield "open" if any(o.zone == zone for o in openings) else "closed"
        else:
            yield cell(zone, addresses, accepted, Sources())


def _widest(row: Row) -> tuple[int, ...]:
    return tuple(_WEIGHTS[one] for one in row.cells)


def planned(policy: Policy, known: Mapping[Zone, Sources]) -> Grid:
    """Return the picture of a policy; what is open to most comes first."""
    found: dict[tuple[str, Spans], list[Opening]] = {}
    for one in policy.openings:
        found.setdefault((one.name, one.ports), []).append(one)
    columns = dict(known)
    for zone in ("named", "link"):
        if any(one.zone == zone for one in policy.openings):
            columns.setdefault(zone, Sources())
    rows = tuple(
        Row(
            name,
            packets(dict.fromkeys(o.protocol for o in openings), spans),
            tuple(_cells(openings, columns)),
            meant(name),
        )
        for (name, spans), openings in found.items()
    )
    return Grid(tuple(columns), tuple(sorted(rows, key=_widest)))


def _catalogued(facts: Facts, host: str, policy: Policy) -> Iterator[Shut]:
    opened = {one.name for one in policy.openings}
    for service in services(facts, host):
        if service.name not in opened:
            spans = ((service.port, service.port),)
            what = packets(service.row.protocols, spans)
            yield Shut(service.name, what, service.listening)


def shut(facts: Facts, host: str, policy: Policy) -> tuple[Shut, ...]:
    """Return what stays closed: services, and others that listen for the network."""
    found = list(_catalogued(facts, host, policy))
    told = {what for one in found for what in one.what}
    try:
        sockets = facts.read(LISTENERS, host)
    except Unseen:
        return tuple(found)
    opened = [(o.protocol, a, b) for o in policy.openings for a, b in o.ports]
    for one in sockets:
        what = f"{one.protocol} {one.port}"
        if one.loopback or what in told:
            continue
        told.add(what)
        if not any(p == one.protocol and a <= one.port <= b for p, a, b in opened):
            row = of_socket(one.protocol, one.port, one.program)
            name = row.name if row else one.program
            found.append(Shut(name or "unknown program", (what,), listening=True))
    return tuple(found)


def amiss(row: Row, zone: Zone, found: Cell) -> bool:
    """Say whether a zone reaches what the catalog means for nobody there."""
    if row.meant not in ("admin", "cluster", "loopback"):
        return False
    return zone in ("internet", "clients", "balancers") and found in ("open", "part")
