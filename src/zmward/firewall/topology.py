"""Who of the installation must reach a node, and whom the node must reach."""

from collections.abc import Iterable, Iterator

import msgspec

from zmward.catalog.flows import EVERY, FLOWS, OUTWARD, Flow
from zmward.catalog.ports import PORTS
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.openings import Outbound, Problem, Sources
from zmward.firewall.peers import Peer, peers
from zmward.firewall.services import Service, services
from zmward.firewall.settings import entry, holds
from zmward.sources.directory import Entry
from zmward.sources.packages import PACKAGES


class Accept(msgspec.Struct, frozen=True):
    """One service of the node that peers use: from which addresses, and why."""

    service: Service
    flow: Flow
    peers: tuple[str, ...]
    sources: Sources


class Topology(msgspec.Struct, frozen=True):
    """A node's place in its installation."""

    host: str
    peers: tuple[Peer, ...] = ()
    accepts: tuple[Accept, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def addresses(self) -> Sources:
        """Return all addresses of all peers."""
        found = Sources()
        for peer in self.peers:
            found |= peer.sources
        return found


def _has(server: Entry, role: str) -> bool:
    return role == EVERY or role in server.own("zimbraServiceEnabled")


def _plays(facts: Facts, peer: Peer, role: str) -> bool:
    """Say whether a node has a role, or runs what the roles may leave out.

    In doubt it does: it is a node of the installation.
    """
    if peer.has(role):
        return True
    packages = {row.package for row in PORTS if role in row.roles} - {""}
    if not packages:
        return False
    try:
        installed = facts.read(PACKAGES, peer.name)
    except Unseen:
        return True
    return any(package in installed for package in packages)


def _uses(facts: Facts, source: Entry | None, flow: Flow) -> bool:
    """Say whether a node's settings have it use a flow; in doubt they do."""
    if source is None:
        return True
    try:
        return all(holds(facts, source, when) for when in flow.when)
    except Unseen:
        return True


def _accepts(
    facts: Facts, own: Entry, running: Iterable[Service], others: tuple[Peer, ...]
) -> Iterator[Accept]:
    by_name = {service.name: service for service in running}
    for flow in FLOWS:
        # What the roles may leave out is seen by its package or socket.
        found = [by_name[name] for name in flow.services if name in by_name]
        found = [s for s in found if s.row.roleless or _has(own, flow.target)]
        if not found:
            continue
        callers = [
            peer
            for peer in others
            if _plays(facts, peer, flow.source) and _uses(facts, peer.entry, flow)
        ]
        addresses = Sources()
        for peer in callers:
            addresses |= peer.sources
        if not addresses:
            continue
        names = tuple(peer.name for peer in callers)
        yield from (Accept(service, flow, names, addresses) for service in found)


def _told(running: Iterable[Service], flow: Flow) -> str:
    found = [s for s in running if s.name in flow.services]
    return ", ".join(f"{'/'.join(s.row.protocols)} {s.port}" for s in found)


def _outbound(facts: Facts, own: Entry, others: tuple[Peer, ...]) -> Iterator[Outbound]:
    running = {p.name: services(facts, p.name) for p in others if p.entry is not None}
    for flow in FLOWS:
        if not _has(own, flow.source) or not _uses(facts, own, flow):
            continue
        for peer in others:
            if peer.entry is None:
                continue
            found = [
                service
                for service in running[peer.name]
                if service.row.roleless or peer.has(flow.target)
            ]
            ports = _told(found, flow)
            if ports:
                yield Outbound(peer.name, ports, flow.why)
    for row in OUTWARD:
        if _has(own, row.source):
            yield Outbound("internet", row.ports, row.why)


def topology(facts: Facts, host: str) -> Topology:
    """Return a node's place; what cannot be found out is a problem that refuses."""
    try:
        own = entry(facts, host)
    except Unseen as signal:
        text = f"Which nodes must reach {host} is not known: {signal.missing.reason}."
        return Topology(host, problems=(Problem("not-known", host, text),))
    running = services(facts, host)
    others, problems = peers(facts, host, running)
    return Topology(
        host,
        others,
        tuple(_accepts(facts, own, running, others)),
        tuple(dict.fromkeys(_outbound(facts, own, others))),
        problems,
    )
