"""Openings that the profile adds, and what it refuses, by name or by port."""

import difflib
from collections.abc import Iterable, Iterator

from zmward.catalog.foreign_ports import FOREIGN, PORTLESS
from zmward.catalog.ports import ports
from zmward.firewall.openings import FAMILIES, Opening, Problem, Sources, Zone
from zmward.firewall.openings import protocol as named
from zmward.firewall.services import Service
from zmward.firewall.zones import Zones, sources
from zmward.profile import ZONES, Allow, Firewall, Refuse

# A protocol, the ports on it, and the port that its packets come from.
Thing = tuple[str, tuple[tuple[int, int], ...], int]
_LAST = 255
_WITH_PORTS = frozenset({"tcp", "udp", "sctp", "dccp", "udplite"})


def _names() -> tuple[str, ...]:
    return (*ports(), *(row.name for row in FOREIGN))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that names what was probably meant."""
    near = difflib.get_close_matches(name, tuple(known), 1)
    return f"; did you mean {near[0]!r}?" if near else "."


def things(
    entry: Allow | Refuse, running: Iterable[Service]
) -> tuple[Thing, ...] | Problem:
    """Return what an entry of the profile is about, or what is wrong with it."""
    key = "firewall.allow" if isinstance(entry, Allow) else "firewall.refuse"
    if entry.name:
        return _named(entry.name, key, running)
    if entry.protocol in _WITH_PORTS:
        if entry.span is None:
            text = f"{key}: {entry.protocol} needs a port, or a name instead."
            return Problem("unknown-service", entry.protocol, text)
        return ((entry.protocol, (entry.span,), 0),)
    if entry.protocol not in PORTLESS and not _nameless(entry.protocol):
        known = (*_WITH_PORTS, *PORTLESS)
        text = f"{key}: the protocol {entry.protocol!r} is not known"
        end = nearest(entry.protocol, known)
        return Problem("unknown-service", entry.protocol, text + end)
    if entry.span is not None:
        text = f"{key}: {entry.protocol} has no ports."
        return Problem("unknown-service", entry.protocol, text)
    return ((entry.protocol, (), 0),)


def _nameless(protocol: str) -> bool:
    """Say whether it is the number of a protocol that has no name here."""
    plain = protocol.isascii() and protocol.isdigit()
    return plain and 0 < int(protocol) <= _LAST and named(int(protocol)) == protocol


def _named(
    name: str, key: str, running: Iterable[Service]
) -> tuple[Thing, ...] | Problem:
    for service in running:
        if service.name == name:
            span = ((service.port, service.port),)
            return tuple((protocol, span, 0) for protocol in service.row.protocols)
    row = ports().get(name)
    if row is not None:
        return tuple(
            (protocol, ((row.port, row.port),), 0) for protocol in row.protocols
        )
    found = next((row for row in FOREIGN if row.name == name), None)
    if found is not None:
        return ((found.protocol, found.ports, found.source_port),)
    text = f"{key}: no service is called {name!r}{nearest(name, _names())}"
    return Problem("unknown-service", name, text)


def addresses(entry: Allow | Refuse, zones: Zones) -> tuple[Sources, Zone] | Problem:
    """Return whom an entry of the profile names, or what is wrong with that."""
    key = "firewall.allow" if isinstance(entry, Allow) else "firewall.refuse"
    found = sources(word for word in entry.from_ if word not in ZONES)
    chosen = [word for word in zones if word in entry.from_]
    for zone in chosen:
        if not zones[zone]:
            text = f"{key} names the zone {zone}, in which there is no address."
            return Problem("network", zone, text)
        found |= zones[zone]
    return found, chosen[0] if len(entry.from_) == len(chosen) == 1 else "named"


def _exposed(opening: Opening, running: Iterable[Service]) -> Iterator[Problem]:
    """Yield inner services that an extra opening shows to everybody."""
    if not any(opening.sources.everybody(family) for family in FAMILIES):
        return
    for service in running:
        inside = any(a <= service.port <= b for a, b in opening.ports)
        if not inside or opening.protocol not in service.row.protocols:
            continue
        if service.exposure in ("cluster", "loopback"):
            text = f"{opening.origin} opens {service.name} to everybody."
            yield Problem("exposure", service.name, text)
        elif service.exposure == "admin" and service.name != "ssh":
            text = f"{opening.origin} opens {service.name} to everybody: use a tunnel."
            yield Problem("exposure", service.name, text, refuses=False)


def extra_openings(
    settings: Firewall, running: Iterable[Service], zones: Zones
) -> Iterator[Opening | Problem]:
    """Yield the profile's own openings, in its order."""
    for number, entry in enumerate(settings.allow, 1):
        found, place = things(entry, running), addresses(entry, zones)
        if isinstance(found, Problem):
            yield found
            continue
        if isinstance(place, Problem):
            yield place
            continue
        for protocol, spans, source_port in found:
            name = entry.name or f"{protocol} {entry.port}".strip()
            opening = Opening(
                *(name, protocol, spans, place[1], place[0], entry.why),
                f"profile:firewall.allow[{number}]",
                source_port=source_port,
            )
            yield opening
            yield from _exposed(opening, running)


def refused_things(
    settings: Firewall, running: Iterable[Service]
) -> Iterator[Thing | Problem]:
    """Yield what the profile refuses by name, whoever asks for it."""
    for entry in settings.refuse:
        found = things(entry, running)
        if isinstance(found, Problem):
            yield found
        elif not entry.from_:
            yield from found


def refused_callers(
    settings: Firewall, running: Iterable[Service], zones: Zones
) -> Iterator[tuple[Thing, Sources] | Problem]:
    """Yield what the profile refuses to some by name; others may be let in."""
    for entry in settings.refuse:
        found = things(entry, running)
        if not entry.from_ or isinstance(found, Problem):
            continue
        place = addresses(entry, zones)
        if isinstance(place, Problem):
            yield place
        else:
            yield from ((thing, place[0]) for thing in found)


def unknown_services(settings: Firewall) -> Iterator[Problem]:
    """Yield names under firewall.services that the catalog does not have."""
    for name in settings.services:
        if name not in ports():
            text = f"firewall.services: no service is called {name!r}"
            yield Problem("unknown-service", name, text + nearest(name, ports()))
