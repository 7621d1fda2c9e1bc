"""Which services of the catalog a node runs, and on which port each really is."""

from collections.abc import Iterator

import msgspec

from zmward.catalog.ports import PORTS, Exposure, Port
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.firewall.settings import entry, holds, local, values
from zmward.sources.directory import Entry
from zmward.sources.listeners import LISTENERS, Listener
from zmward.sources.packages import PACKAGES


class Service(msgspec.Struct, frozen=True):
    """One service of a node; a `doubt` says what about it is not known.

    `port_from` names the setting that gave the port. `listening` is None where the
    sockets were not seen.
    """

    row: Port
    port: int
    port_from: str
    exposure: Exposure
    bind: tuple[str, ...] = ()
    listening: bool | None = None
    doubt: str = ""

    @property
    def name(self) -> str:
        """Return the name of its row."""
        return self.row.name


class _Node(msgspec.Struct, frozen=True):
    """What is known of a node before its services are looked at."""

    host: str
    server: Entry | None
    unseen: str
    sockets: tuple[Listener, ...] | None
    packages: frozenset[str] | None
    proxied: bool | None


def _node(facts: Facts, host: str) -> _Node:
    unseen, server, proxied = "", None, None
    try:
        server = entry(facts, host)
        facts.config()
        proxied = bool(facts.servers("proxy"))
    except Unseen as signal:
        unseen = signal.missing.reason
    try:
        sockets = facts.read(LISTENERS, host)
    except Unseen:
        sockets = None
    try:
        installed = facts.read(PACKAGES, host)
        packages = frozenset(installed)
    except Unseen:
        packages = None
    return _Node(host, server, unseen, sockets, packages, proxied)


def _port(facts: Facts, node: _Node, row: Port) -> tuple[int, str]:
    """Return the port in force and what gave it; Unseen where nobody knows."""
    said, origin = "", ""
    if row.key:
        said, origin = local(facts, node.host, row.key), f"localconfig {row.key}"
    elif row.attribute:
        if node.server is None:
            raise Unseen(Missing(node.unseen))
        found = values(facts, node.server, row.attribute)
        said, origin = next(iter(found), ""), row.attribute
    if not said:
        return row.port, "catalog"
    if not said.isascii() or not said.isdecimal():
        raise Unseen(Missing(f"{origin} is no number: {said[:20]!r}"))
    return int(said), origin


def _sockets(node: _Node, row: Port, port: int) -> tuple[Listener, ...] | None:
    if node.sockets is None:
        return None
    return tuple(
        one
        for one in node.sockets
        if one.port == port and one.protocol in row.protocols
    )


def _by_role(node: _Node, row: Port, *, listening: bool) -> bool:
    """Say whether a node has a role of the row; Unseen where nobody knows.

    A package that is not there leaves its role behind: then a socket must show it.
    """
    if row.package and node.packages is not None:
        if row.package in node.packages:
            return True
        if not listening:
            return False
    if not row.roles:
        return not row.package
    if node.server is None:
        raise Unseen(Missing(node.unseen))
    return bool(set(row.roles) & set(node.server.own("zimbraServiceEnabled")))


def _runs(facts: Facts, node: _Node, row: Port, *, listening: bool) -> bool:
    """Say whether the settings have the service run; Unseen where nobody knows."""
    if not _by_role(node, row, listening=listening):
        return False
    for when in row.when:
        if node.server is None:
            raise Unseen(Missing(node.unseen))
        if not holds(facts, node.server, when):
            return False
    return True


def _exposure(node: _Node, row: Port) -> Exposure:
    return row.direct if row.direct and node.proxied is False else row.exposure


def _bind(facts: Facts, node: _Node, row: Port) -> tuple[str, ...]:
    if not row.bind or node.server is None:
        return ()
    try:
        return values(facts, node.server, row.bind)
    except Unseen:
        return ()


def _service(facts: Facts, node: _Node, row: Port) -> Service | None:
    """Return a row's service on a node, None where it does not run."""
    doubts: list[str] = []
    try:
        port, origin = _port(facts, node, row)
    except Unseen as signal:
        port, origin = row.port, "catalog"
        doubts.append(f"its port is not known: {signal.missing.reason}")
    if not port:
        return None
    sockets = _sockets(node, row, port)
    try:
        runs = listening = bool(sockets)
        if not row.by_listener:
            runs = _runs(facts, node, row, listening=listening)
    except Unseen as signal:
        if sockets is not None and not sockets:
            return None
        runs = True
        doubts.append(f"whether it runs is not known: {signal.missing.reason}")
    if not runs:
        return None
    return Service(
        row,
        port,
        origin,
        _exposure(node, row),
        _bind(facts, node, row),
        None if sockets is None else bool(sockets),
        "; ".join(doubts),
    )


def _found(facts: Facts, host: str) -> Iterator[Service]:
    node = _node(facts, host)
    for row in PORTS:
        service = _service(facts, node, row)
        if service is not None:
            yield service


def services(facts: Facts, host: str) -> tuple[Service, ...]:
    """Return the services of the catalog that a node runs, in the catalog's order."""
    return tuple(_found(facts, host))


def names(facts: Facts, host: str) -> dict[tuple[str, int], str]:
    """Return which service of the catalog has which protocol and port on a node."""
    return {
        (protocol, service.port): service.name
        for service in services(facts, host)
        for protocol in service.row.protocols
    }
