"""Who may reach a port, and who did: the ways that a look from outside took.

Only the catalog and the profile are asked: what the host itself says of its peers and
of moved ports is the inside's to judge.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from zmward.catalog.ports import PORTS, Exposure, Port
from zmward.controls.shapes.outside_seen import near
from zmward.outlook import Outlook, Vantage
from zmward.profile import Allow, Profile
from zmward.scan.named import Service
from zmward.scan.seen import PortSeen, PortState, Seen

_CLIENTS: Final = frozenset({"clients", "balancers", "admin", "cluster"})
_ADMIN: Final = frozenset({"admin", "cluster"})
TRUSTED: Final = frozenset({"admin", "cluster", "monitoring"})
ZONES: Final = {
    "internet": "the internet",
    "clients": "the clients' networks",
    "admin": "the administrators' networks",
    "monitoring": "the monitoring hosts",
    "balancers": "the load balancers",
    "cluster": "another node of the cluster",
}
WANTED: Final[dict[Exposure, str]] = {
    "internet": "open to everybody",
    "clients": "open to the networks of clients only",
    "admin": "open to administrators and the cluster only",
    "cluster": "open to the cluster only",
    "loopback": "open to the host itself only",
}


class Way(msgspec.Struct, frozen=True):
    """One port of one address, and from where it was looked at.

    `hidden`: the server may have seen a router's address in place of the source.
    """

    port: PortSeen
    zone: Vantage
    source: str
    hidden: bool = False

    @property
    def itself(self) -> bool:
        """Say whether the host surely looked at itself."""
        return self.zone == "itself" and not self.hidden

    @property
    def readings(self) -> tuple["Way", ...]:
        """Return as whom the server may have seen the looker, a stranger first."""
        if not self.hidden:
            return (self,)
        return replace(self, zone="internet"), replace(self, hidden=False)

    @property
    def seen_as(self) -> str:
        """Return the address that the profile may be asked about; empty if unknown."""
        return "" if self.hidden else self.source


# Services that are for few wherever they listen; the catalog's names of them.
_NAMES: Final[dict[str, str]] = {
    **{n: n for n in ("ldap", "memcached", "lmtp", "zmconfigd", "milter", "policyd")},
    "mysql": "mariadb",
    "clamd": "clamav",
}


def subject(outlook: Outlook, port: PortSeen) -> str:
    """Return how findings name a port."""
    return outlook.place(port.address, port.port, port.proto)


def said(way: Way) -> str:
    """Return what was sent and what came back, in words."""
    port = way.port
    if port.state != "open":
        end = "nothing came back" if port.state == "filtered" else "refused"
    elif port.banner:
        end = f"taken; it said {port.banner!r}"
    else:
        name = " ".join(filter(None, (port.service, port.product, port.version)))
        end = f"taken; {name or 'unknown service'}"
    what = "a datagram" if port.proto == "udp" else "a connection"
    place = f"[{port.address}]" if ":" in port.address else port.address
    return f"{what} from {way.source} to {place}:{port.port}: {end}"


def whom(way: Way) -> str:
    """Return to whom a port is open, as far as was seen: a neighbour is no internet."""
    if way.hidden:
        return f"{ZONES['internet']}, or {way.source} if no router hides it"
    if way.zone == "internet" and near(way.source, way.port.address):
        return f"{way.source}, a neighbour that the profile puts in no zone"
    return ZONES.get(way.zone, way.zone)


def _within(source: str, words: Iterable[str], zone: Vantage) -> bool:
    for word in words:
        if word in ("internet", zone):
            return True
        if "/" in word or word[:1].isdigit() or ":" in word:
            try:
                if ipaddress.ip_address(source) in ipaddress.ip_network(word):
                    return True
            except ValueError:
                continue
    return False


def named_for(way: Way, profile: Profile, name: str) -> bool:
    """Say whether the profile lets this source in by name or by number."""

    def meant(entry: Allow) -> bool:
        if entry.name:
            return entry.name == name
        span = entry.span
        inside = span is not None and span[0] <= way.port.port <= span[1]
        return entry.protocol == way.port.proto and inside

    return any(
        meant(entry) and _within(way.seen_as, entry.from_, way.zone)
        for entry in profile.firewall.allow
    )


def _clients_may(row: Port, way: Way, profile: Profile) -> bool | None:
    if way.zone in _CLIENTS:
        return True
    if profile.networks.clients:
        return False
    use = getattr(profile.services, row.wanted) if row.wanted else "unsaid"
    return True if use == "wanted" else None


def _inner(row: Port, way: Way, profile: Profile) -> bool | None:
    chosen = profile.firewall.services.get(row.name)
    if chosen is not None and way.zone in chosen and way.zone in TRUSTED:
        return True
    if row.exposure != "admin":
        return way.zone == "cluster"
    if way.zone in _ADMIN:
        return True
    return None if row.name == "ssh" and not profile.networks.admins else False


def may(row: Port, way: Way, profile: Profile) -> bool | None:
    """Say whether a service is for whoever looked; None where the site must say it."""
    if row.exposure == "loopback":
        return False
    if row.exposure == "internet" or named_for(way, profile, row.name):
        return True
    chosen = profile.firewall.services.get(row.name)
    if chosen is not None and (row.name == "ssh" or row.exposure == "clients"):
        return way.zone in chosen or "internet" in chosen
    judge = _clients_may if row.exposure == "clients" else _inner
    return judge(row, way, profile)


_BY_NUMBER: Final[dict[tuple[str, int], list[Port]]] = {}
for _each in PORTS:
    for _proto in _each.protocols:
        _BY_NUMBER.setdefault((_proto, _each.port), []).append(_each)


def _row(port: PortSeen, rows: tuple[Port, ...]) -> Port | None:
    """Return the row of a port: by its number, else by what answers there."""
    if by_number := _BY_NUMBER.get((port.proto, port.port)):
        return next((row for row in rows if row in by_number), None)
    name = _NAMES.get(port.service, "") if port.state == "open" else ""
    return next((row for row in rows if row.name == name), None)


def ways(
    seen: Seen, outlook: Outlook, rows: Iterable[Port]
) -> Iterator[tuple[Port, Way]]:
    """Yield the ports that some rows are about."""
    kept = tuple(rows)
    for port in seen.ports:
        if row := _row(port, kept):
            yield row, way_to(seen, outlook, port)


def way_to(seen: Seen, outlook: Outlook, port: PortSeen) -> Way:
    """Return a port with where it was looked at from."""
    zone = outlook.vantage(seen, port.address)
    hidden = outlook.hidden(seen, port.address)
    return Way(port, zone, seen.source.get(port.address, ""), hidden)


def rows_of(*exposures: Exposure, without: Iterable[int] = ()) -> tuple[Port, ...]:
    """Return the catalog's rows of some exposures, but some ports."""
    left = set(without)
    return tuple(
        row for row in PORTS if row.exposure in exposures and row.port not in left
    )


def rows_at(*ports: int) -> tuple[Port, ...]:
    """Return the catalog's rows of some ports."""
    return tuple(row for row in PORTS if row.port in ports)


def sight_of(
    *ports: PortSeen, source: str = "203.0.113.9", asked: tuple[str, ...] = ()
) -> Seen:
    """Return an example: a host as a stranger sees it."""
    addresses = tuple(dict.fromkeys(port.address for port in ports)) or ("192.0.2.10",)
    return Seen(
        "mail.example.test",
        "2026-11-21T12:00:00+00:00",
        "0",
        addresses,
        dict.fromkeys(addresses, source),
        asked,
        ports=ports,
    )


def seen_port(
    port: int, state: PortState = "open", service: Service = "", *, udp: bool = False
) -> PortSeen:
    """Return an example of a port."""
    return PortSeen(port, "udp" if udp else "tcp", "192.0.2.10", state, service)
