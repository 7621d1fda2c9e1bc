"""What is known of a port that somebody asks for: its service, program, neighbours."""

import ipaddress
from collections.abc import Iterable

import msgspec

from zmward.catalog.foreign_ports import FOREIGN, by_program, foreign
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.extra import things
from zmward.firewall.openings import Policy, Problem, number
from zmward.firewall.peers import Peer
from zmward.firewall.ranges import Family
from zmward.firewall.rules import PROTOCOLS
from zmward.firewall.services import Service, services
from zmward.firewall.topology import topology
from zmward.profile import Refuse
from zmward.sources.addresses import ADDRESSES
from zmward.sources.listeners import LISTENERS, Listener

# More addresses are no list that somebody reads: their networks must be named.
_MOST = 20
# Of these ss shows who listens.
_SHOWN = ("tcp", "udp")


class Guess(msgspec.Struct, frozen=True):
    """What a port probably is; `listening` is None where nobody knows."""

    name: str = ""
    about: str = ""
    program: str = ""
    listening: bool | None = None


class Known(msgspec.Struct, frozen=True):
    """A node's policy, services, sockets and own addresses, and the other nodes."""

    policy: Policy
    running: tuple[Service, ...] = ()
    sockets: tuple[Listener, ...] | None = None
    peers: tuple[Peer, ...] = ()
    own: frozenset[str] = frozenset()

    def peer(self, source: str) -> str:
        """Return the name of the node that has an address, else nothing."""
        own = ipaddress.ip_address(source)
        family: Family = "ipv4" if own.version == 4 else "ipv6"  # noqa: PLR2004  # IPv4
        number = int(own)
        found = (o.name for o in self.peers if number in o.sources.of(family))
        return next(found, "")

    def _listening(self, protocol: str, port: int) -> tuple[Listener, ...]:
        return tuple(
            one
            for one in self.sockets or ()
            if one.protocol == protocol and one.port == port
        )

    def service(self, protocol: str, port: int) -> Guess:
        """Return what a port is; the node's own services come before foreign ones."""
        if not port:
            return _portless(protocol)
        found = self._listening(protocol, port)
        unseen = self.sockets is None or protocol not in _SHOWN
        listening = None if unseen else bool(found)
        program = next((one.program for one in found if one.program), "")
        if program == "sshd":
            return Guess("ssh", "administration", program, listening)
        for one in self.running:
            if one.port == port and protocol in one.row.protocols:
                about = one.row.remark or f"Zimbra, meant for: {one.exposure}"
                # It was down when the sockets were asked, and may be up by now.
                return Guess(one.name, about, program, listening or None)
        row = foreign(protocol, port)
        if row is not None:
            return Guess(row.name, row.why, program, listening)
        other = by_program(program)
        about = f"{other.name} on another port" if other else ""
        return Guess("", about, program, listening)

    def _words(self, protocol: str, port: int) -> tuple[str, ...]:
        """Return the keys that name a thing: by name only where that is this port."""
        name = self.service(protocol, port).name
        found = things(Refuse(why="asked", name=name), self.running) if name else ()
        if not isinstance(found, Problem) and any(
            own == protocol and (not port or any(a <= port <= b for a, b in spans))
            for own, spans, _ in found
        ):
            return (f'name = "{name}"',)
        said = f'protocol = "{protocol}"'
        return (f"port = {port}", said) if port else (said,)

    def allow(
        self, protocol: str, port: int, callers: tuple[str, ...], day: str
    ) -> str:
        """Return the lines that let the callers in; nothing where none can."""
        if not _decidable(protocol):
            return ""
        more = len(callers) - _MOST
        told = ", ".join(f'"{one}"' for one in callers[:_MOST])
        lines = ["[[firewall.allow]]", *self._words(protocol, port)]
        if more > 0:
            lines.append(f"# and {more} more addresses: name their networks")
        lines += [f"from = [{told}]", f'why = "observed on {day}"']
        return "\n".join(lines) + "\n"

    def refuse(self, protocol: str, port: int, day: str) -> str:
        """Return the lines that close it on purpose, to whom nothing else lets in.

        The profile is for all nodes: where another one needs it, it stays open.
        """
        if not _decidable(protocol):
            return ""
        why = f'why = "observed on {day}, and not wanted"'
        words = self._words(protocol, port)
        lines = ("[[firewall.refuse]]", *words, 'from = ["internet"]', why)
        return "\n".join(lines) + "\n"


def _decidable(protocol: str) -> bool:
    """Say whether a profile can name a protocol; ICMP is the same for every policy."""
    try:
        number(protocol)
    except KeyError:
        return False
    return protocol not in ("icmp", "igmp", "ipv6-icmp", "icmpv6")


def _portless(protocol: str) -> Guess:
    for row in FOREIGN:
        if row.protocol == protocol and not row.ports:
            return Guess(row.name, row.why)
    known = protocol in PROTOCOLS
    return Guess(protocol if known else "", "a message no host needs" if known else "")


def known(facts: Facts, host: str, policy: Policy) -> Known:
    """Return what the evidence shows of a node's ports and neighbours."""
    sockets: tuple[Listener, ...] | None
    try:
        sockets = tuple(o for o in facts.read(LISTENERS, host) if not o.loopback)
    except Unseen:
        sockets = None
    try:
        held = facts.read(ADDRESSES, host)
        own = frozenset(held)
    except Unseen:
        own = frozenset()
    peers = topology(facts, host).peers
    return Known(policy, services(facts, host), sockets, peers, own)


def later(found: Known, more: Iterable[Listener]) -> Known:
    """Return the same, with sockets that were opened meanwhile."""
    if found.sockets is None:
        return found
    own = tuple(one for one in more if not one.loopback)
    sockets = tuple(dict.fromkeys((*found.sockets, *own)))
    return msgspec.structs.replace(found, sockets=sockets)


def heard(found: Known) -> Iterable[tuple[int, int]] | None:
    """Return the protocols and ports on which something should or does listen."""
    if found.sockets is None:
        return None
    ports = [(one.protocol, one.port) for one in found.sockets]
    ports += [(p, one.port) for one in found.running for p in one.row.protocols]
    return tuple((PROTOCOLS[protocol], port) for protocol, port in ports)
