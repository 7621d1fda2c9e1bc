"""What a look from outside means: where the looker stands, and what a control reads.

A control's `outside` judges what one host showed to one place of the network.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Literal

import msgspec

from zmward.deviation import Judgement, Layer, State, unknown
from zmward.profile import Profile, Zone
from zmward.scan.seen import Seen
from zmward.scan.unique import unique

Vantage = Literal[Zone, "itself"]


class Outlook(msgspec.Struct, frozen=True):
    """Who judges what was seen: the profile, the time, and the name of the host.

    `own` are the host's addresses, `peers` those of other nodes, as they themselves
    say; empty where nobody asked them.
    """

    profile: Profile
    now: datetime
    subject: str
    own: frozenset[str] = frozenset()
    peers: frozenset[str] = frozenset()

    def place(self, address: str, port: int, proto: str = "tcp") -> str:
        """Return how findings and reports name one port."""
        return place(self.subject, address, port, proto)

    def vantage(self, seen: Seen, address: str) -> Vantage:
        """Return the zone from which an address was looked at.

        What the profile puts in no zone is the internet; `itself` proves little. Of
        a `hidden` looker it is the zone of an address that the server may never see,
        and `itself` may be another machine (`doubtful`).
        """
        source = seen.source.get(address, "")
        if source in seen.addresses or source in self.own or _loopback(source):
            return "itself"
        if source in self.peers:
            return "cluster"
        networks = self.profile.networks
        zones: tuple[tuple[Zone, tuple[str, ...]], ...] = (
            ("cluster", self.profile.firewall.cluster),
            ("admin", networks.admins),
            ("monitoring", networks.monitoring),
            ("balancers", networks.proxies),
            ("clients", networks.clients),
        )
        for zone, places in zones:
            if any(_within(source, place) for place in places):
                return zone
        return "internet"

    def hidden(self, seen: Seen, address: str) -> bool:
        """Say whether a router may have put its own address in the looker's place.

        Who has an inner address and looks at a public one stands behind NAT, or not:
        what the profile says of his address does not tell what the server saw. A
        loopback address never left the machine.
        """
        source = seen.source.get(address, "")
        inner = bool(source) and not unique(source) and not _loopback(source)
        return inner and unique(address)

    def doubtful(self, seen: Seen, address: str) -> bool:
        """Say whether the host looked at itself, or a stranger of the same address.

        A server's inner address is another machine's too, in the network next door.
        """
        return self.hidden(seen, address) and self.vantage(seen, address) == "itself"


class Sight(msgspec.Struct, frozen=True):
    """An example: what was seen, and the state that the look must come to."""

    state: Literal["ok", "bad", "unknown", "n/a"]
    seen: Seen
    profile: Profile = Profile()


class Outside(msgspec.Struct, frozen=True):
    """The judging of a control from outside: pure, with its own examples."""

    look: Callable[[Seen, Outlook], Iterable[Judgement]]
    examples: tuple[Sight, ...]


def place(host: str, address: str, port: int, proto: str) -> str:
    """Name a port of a host, and the address where it is not the name; 0 is no port."""
    if not port:
        return host
    where = f"{host} port {port}{'/udp' if proto == 'udp' else ''}"
    return where if host == address else f"{where} ({address})"


def _silent_ports(seen: Seen, outlook: Outlook, where: Iterable[str]) -> dict[str, str]:
    """Return the names of silent ports at some addresses, with their address."""
    places = set(where)
    return {
        outlook.place(port.address, port.port, port.proto): port.address
        for port in seen.ports
        if port.address in places and port.state == "filtered"
    }


def doubted(
    found: Iterable[Judgement], seen: Seen, outlook: Outlook
) -> Iterator[Judgement]:
    """Yield judgements; what only silence shows is unknown where silence is no sign.

    A packet that no answer follows may have met a filter, a machine that is switched
    off, or a guard that shuts this looker out and nobody else. What is good of the
    other addresses says nothing of one that nobody reached.
    """
    doubts = seen.doubted()
    ports = _silent_ports(seen, outlook, doubts)
    good = False
    for one in found:
        if one.state is State.OK and one.subject in ports:
            reason = doubts[ports[one.subject]]
            yield unknown(Layer.RUNNING, one.subject, reason)
            continue
        good = good or (
            one.state is State.OK and one.subject.startswith(f"{outlook.subject} port ")
        )
        yield one
    reached = {port.address for port in seen.ports}
    reached |= {rest.address for rest in seen.rest}
    for address in doubts if good else ():
        if address not in reached:
            yield unknown(Layer.RUNNING, address, doubts[address])


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except ValueError:
        return False
