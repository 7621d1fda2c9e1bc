"""What listens on a node beside Zimbra: let in, closed on purpose, or undecided."""

from collections.abc import Iterable, Iterator

from zmward.catalog.foreign_ports import (
    EPHEMERAL,
    FOREIGN,
    FORWARDERS,
    PORTLESS,
    Foreign,
    by_program,
    of_socket,
)
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.extra import Thing
from zmward.firewall.openings import Opening, Problem, number, protocol
from zmward.firewall.services import Service
from zmward.firewall.zones import Zones, sources
from zmward.sources.listeners import LISTENERS, Listener
from zmward.sources.rawsockets import RAW_SOCKETS

_ESP = "esp"
# Raw sockets of these are no services: ICMP and IGMP, which are let in; what only
# listens along (TCP, UDP); what only sends (0, 255).
_NOT_ASKED = frozenset({0, 1, 2, 6, 17, 58, 255})


def _sockets(facts: Facts, host: str) -> tuple[Listener, ...]:
    return tuple(one for one in facts.read(LISTENERS, host) if not one.loopback)


def usual_openings(facts: Facts, host: str, zones: Zones) -> Iterator[Opening]:
    """Yield what a host cannot do without, and agents for known monitoring hosts."""
    try:
        used = {(one.protocol, one.port) for one in _sockets(facts, host)}
    except Unseen:
        used = {(row.protocol, row.ports[0][0]) for row in FOREIGN if row.ports}
    for row in FOREIGN:
        if not any(p == row.protocol and _in(row.ports, n) for p, n in used):
            continue
        origin = f"catalog:{row.name}"
        if row.usual == "allow":
            yield Opening(
                *(row.name, row.protocol, row.ports, "link", sources(row.sources)),
                *(row.why, origin),
                source_port=row.source_port,
            )
        elif row.usual == "monitoring" and zones["monitoring"]:
            found = zones["monitoring"]
            why = "an agent that the monitoring hosts ask"
            yield Opening(
                *(row.name, row.protocol, row.ports, "monitoring", found, why, origin)
            )


def _in(ports: Iterable[tuple[int, int]], port: int) -> bool:
    return any(first <= port <= last for first, last in ports)


def _advice(row: Foreign | None, protocol: str, port: int) -> str:
    if row is not None and row.usual == "monitoring":
        return f"name networks.monitoring, or refuse {row.name} in firewall.refuse"
    what = f'name = "{row.name}"' if row else f'port = {port}, protocol = "{protocol}"'
    return f"allow or refuse it: [[firewall.allow]] or [[firewall.refuse]] {what}"


def _undecided(
    one: Listener, running: Iterable[Service], settled: Iterable[Thing]
) -> Problem | None:
    if any(p == one.protocol and _in(ports, one.port) for p, ports, _ in settled):
        return None
    row = of_socket(one.protocol, one.port, one.program)
    if row is not None and row.usual == "close":
        return None
    if row is None and any(
        s.port == one.port and one.protocol in s.row.protocols for s in running
    ):
        return None
    if row is None and one.protocol == "udp" and one.port >= EPHEMERAL and one.program:
        return None
    said = f"{row.name}: " if row else ""
    who = f" ({one.program})" if one.program else ""
    # A known program on another port than usual has no name that opens it.
    other = None if row else by_program(one.program)
    known = row.why if row else f"{other.name} by its name" if other else ""
    why = f", {known}" if known else ""
    text = f"{said}{one.protocol} {one.port}{who} listens{why}"
    advice = _advice(row, one.protocol, one.port)
    return Problem("listener", f"{one.protocol} {one.port}", f"{text}; {advice}.")


def _portless(
    facts: Facts, host: str, settled: Iterable[Thing], openings: Iterable[Opening]
) -> Iterator[Problem]:
    known = {number(name) for name, spans, _ in settled if not spans}
    try:
        raw = facts.read(RAW_SOCKETS, host)
    except Unseen as signal:
        reason = signal.missing.reason
        text = f"Whether {host} speaks VRRP, OSPF and the like is not known: {reason}."
        yield Problem("not-known", host, text)
        raw = ()
    for one in raw:
        if one.number not in known and one.number not in _NOT_ASKED:
            name = protocol(one.number)
            key = "name" if any(r.name == name for r in FOREIGN) else "protocol"
            text = (
                f"{name} ({one.program or 'a raw socket'}) is spoken; allow or refuse "
                f'it: [[firewall.allow]] or [[firewall.refuse]] {key} = "{name}".'
            )
            yield Problem("listener", name, text)
    if any(o.name == "ike" for o in openings) and PORTLESS[_ESP] not in known:
        text = (
            "ike is let in and esp is neither allowed nor refused: IPsec carries none."
        )
        yield Problem("listener", _ESP, text)


def undecided(
    facts: Facts,
    host: str,
    running: tuple[Service, ...],
    openings: tuple[Opening, ...],
    refused: tuple[Thing, ...],
) -> Iterator[Problem]:
    """Yield what listens or speaks and is neither let in nor refused by name."""
    settled = (*((o.protocol, o.ports, 0) for o in openings), *refused)
    try:
        sockets = _sockets(facts, host)
    except Unseen as signal:
        text = f"What listens on {host} is not known: {signal.missing.reason}."
        yield Problem("not-known", host, text)
        sockets = ()
    found = (_undecided(one, running, settled) for one in sockets)
    yield from dict.fromkeys(problem for problem in found if problem)
    yield from _portless(facts, host, settled, openings)
    for program, name in FORWARDERS.items():
        if any(one.program == program for one in sockets):
            text = (
                f"{name} forwards ports past the input chain: what it publishes is not "
                "closed by this policy, and FORWARD is left alone."
            )
            yield Problem("forwarded", program, text, refuses=False)
