"""The commands of a site's procedures, with its own names, roles and ports."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from zmward.catalog.actions import ACTIONS
from zmward.i18n import mark
from zmward.sources.directory import Entry

# A name of another form is written as NODE: whoever types a command reads it as one.
_PLAIN: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_ADMIN_PORT: Final = "7071"
# Which service of a server is restarted by which action.
_RESTARTS: Final = {
    "ldap": "restart-ldap",
    "mailbox": "restart-mailbox",
    "memcached": "restart-memcached",
    "proxy": "restart-proxy",
    "mta": "reload-mta",
}

Procedure = tuple[str, tuple[str, ...]]


def _name(server: Entry) -> str:
    return server.name if _PLAIN.fullmatch(server.name) else "NODE"


def _each(names: Iterable[str], *lines: str) -> tuple[str, ...]:
    return tuple(line.replace("NODE", name) for name in names for line in lines)


def _tunnels(servers: Iterable[Entry], config: Entry) -> Iterator[str]:
    for server in servers:
        if "mailbox" not in server.own("zimbraServiceEnabled"):
            continue
        port = server.one("zimbraAdminPort") or config.one("zimbraAdminPort")
        port = port if port.isdecimal() else _ADMIN_PORT
        yield f"ssh -N -L {port}:localhost:{port} root@{_name(server)}"
        yield f"xdg-open https://localhost:{port}/"


def _restarting(servers: Iterable[Entry]) -> Iterator[str]:
    for server in servers:
        for service in sorted(server.own("zimbraServiceEnabled")):
            action = ACTIONS.get(_RESTARTS.get(service, ""))
            if action is not None:
                words = " ".join(action.argv)
                on_host = f"runuser -l zimbra -c '{words}'"
                yield f'ssh root@{_name(server)} "{on_host}"'


def procedures(servers: Iterable[Entry], config: Entry) -> Iterator[Procedure]:
    """Yield each procedure: what it is for, and its commands."""
    servers = tuple(sorted(servers, key=lambda server: server.name))
    names = tuple(map(_name, servers))
    yield (
        mark("How the servers stand, and which holes are open"),
        _each(
            names, "zmward audit --host root@NODE", "zmward patches --host root@NODE"
        ),
    )
    yield (
        mark("Before a change: keep the configuration; after it: what changed"),
        (
            *_each(names, "zmward config snapshot --host root@NODE"),
            "zmward config diff",
        ),
    )
    yield (
        mark("Repair, and take a repair back"),
        _each(
            names,
            "zmward plan --host root@NODE --output plan-NODE.json",
            "zmward apply plan-NODE.json --host root@NODE",
            "zmward history --host root@NODE",
            "zmward rollback RUN --host root@NODE",
        ),
    )
    yield (
        mark("Are there backups, and does one restore"),
        _each(
            names,
            "zmward backup check --host root@NODE",
            "zmward backup drill --host root@NODE",
        ),
    )
    yield (
        mark("Bring settings of another day back"),
        _each(
            names,
            "zmward config restore-plan DAY --host root@NODE --output back-NODE.json",
            "zmward apply back-NODE.json --host root@NODE",
        ),
    )
    yield mark("The admin console, through a tunnel"), tuple(_tunnels(servers, config))
    yield mark("Restart one service"), tuple(_restarting(servers))
