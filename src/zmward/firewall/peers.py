"""The other nodes of an installation and their addresses, as every node sees them."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.openings import Problem, Sources
from zmward.firewall.services import Service
from zmward.firewall.zones import sources
from zmward.profile import ZONES
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import Entry
from zmward.sources.established import ESTABLISHED
from zmward.sources.resolvednames import RESOLVED_NAMES

Answers = Mapping[str, frozenset[str]]


class Peer(msgspec.Struct, frozen=True):
    """Another node: its server object and the addresses it may come from.

    One without an object stands for what the profile adds to the cluster.
    """

    name: str
    entry: Entry | None
    sources: Sources

    def has(self, role: str) -> bool:
        """Say whether it has a role; what the profile adds may have any."""
        if self.entry is None or role == "every":
            return True
        return role in self.entry.own("zimbraServiceEnabled")


def _usable(address: str) -> bool:
    found = ipaddress.ip_address(address)
    return not (found.is_loopback or found.is_link_local or found.is_unspecified)


def _resolved(facts: Facts, problems: list[Problem]) -> dict[str, Answers]:
    """Return what each node finds for each name."""
    found: dict[str, Answers] = {}
    for host in facts.evidence.hosts:
        try:
            found[host] = facts.read(RESOLVED_NAMES, host)
        except Unseen as signal:
            text = f"What {host} resolves is not known: {signal.missing.reason}."
            problems.append(Problem("peer", host, text))
    for host in facts.unseen_hosts():
        text = f"{host} was not asked, so what it resolves is not compared."
        problems.append(Problem("peer", host, text, refuses=False))
    return found


def _names(server: Entry) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            n for n in (server.name, server.one("zimbraServiceHostname")) if n
        )
    )


def _differing(name: str, answers: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """Yield families in which nodes that find an address find different ones."""
    for version in (4, 6):
        own = {
            host: {a for a in found if ipaddress.ip_address(a).version == version}
            for host, found in answers.items()
        }
        told = {host: found for host, found in own.items() if found}
        if len({frozenset(found) for found in told.values()}) > 1:
            said = "; ".join(
                f"{host}: {', '.join(sorted(found))}"
                for host, found in sorted(told.items())
            )
            yield Problem("peer", name, f"{name} is resolved differently: {said}.")


def _found_for(
    server: Entry, resolved: Mapping[str, Answers], problems: list[Problem]
) -> frozenset[str]:
    """Return a server's addresses: the union of what all nodes find."""
    union: set[str] = set()
    for name in _names(server):
        answers: dict[str, frozenset[str]] = {}
        for host, names in resolved.items():
            # A node often knows its own name as 127.0.1.1.
            own = host == server.name
            found = names.get(name, frozenset())
            usable = frozenset(filter(_usable, found))
            if not usable and not own:
                text = f"{host} resolves {name} {'as itself' if found else 'not'}."
                if name not in names:
                    text = f"{host} said in no useful time what {name} is."
                problems.append(Problem("peer", name, text))
            answers[host] = usable
            union |= usable
        problems.extend(_differing(name, answers))
    return frozenset(union)


def _interfaces(facts: Facts, host: str) -> frozenset[str]:
    try:
        held = facts.read(ADDRESSES, host)
    except Unseen:
        return frozenset()
    return frozenset(address for address in held if _usable(address))


def _callers(facts: Facts, host: str, services: Iterable[Service]) -> dict[str, str]:
    """Return who is connected to a port of the cluster: address to service."""
    inner = {s.port: s.name for s in services if s.exposure in ("cluster", "admin")}
    inner = {port: name for port, name in inner.items() if name != "ssh"}
    try:
        found = facts.read(ESTABLISHED, host)
    except Unseen:
        return {}
    return {
        one.peer: inner[one.local_port]
        for one in found
        if one.local_port in inner and _usable(one.peer)
    }


def _allowed(facts: Facts) -> Sources:
    """Return the networks that the profile itself names as no clients."""
    found, own = facts.profile.networks, facts.profile.firewall
    return sources(
        (
            *(*found.admins, *found.monitoring, *found.proxies),
            *(*own.cluster, *own.virtual_addresses),
            *(n for one in own.allow for n in one.from_ if n not in ZONES),
        )
    )


def _within(address: str, known: Sources) -> bool:
    found = ipaddress.ip_address(address)
    return int(found) in (known.ipv4 if found.version == 4 else known.ipv6)  # noqa: PLR2004


def peers(
    facts: Facts, host: str, services: Iterable[Service]
) -> tuple[tuple[Peer, ...], tuple[Problem, ...]]:
    """Return the other nodes with their addresses; Unseen without the directory."""
    problems: list[Problem] = []
    others = [server for server in facts.servers() if server.name != host]
    resolved = _resolved(facts, problems) if others else {}
    callers = _callers(facts, host, services)
    found: list[Peer] = []
    for server in others:
        own = _found_for(server, resolved, problems)
        interfaces = _interfaces(facts, server.name)
        # An address that is not resolved counts where its node holds it and uses it.
        own |= interfaces & callers.keys()
        own = own or interfaces
        if not own:
            text = f"No address of {server.name} is known."
            problems.append(Problem("peer", server.name, text))
        found.append(Peer(server.name, server, sources(own)))
    settings = facts.profile.firewall
    extra = sources((*settings.cluster, *settings.virtual_addresses))
    if extra:
        found.append(Peer("firewall.cluster", None, extra))
    known = _allowed(facts)
    for peer in found:
        known |= peer.sources
    mine = _interfaces(facts, host)
    for address, name in sorted(callers.items()):
        if address not in mine and not _within(address, known):
            text = (
                f"{address} is connected to {name} and belongs to no server that is "
                "resolved: name it in firewall.cluster, or end the connection."
            )
            problems.append(Problem("peer", address, text))
    return tuple(found), tuple(problems)
