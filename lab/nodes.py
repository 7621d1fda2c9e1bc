"""The nodes of a lab: one that does everything, or those of a cluster's state."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

STATES = Path(__file__).resolve().parent / "states"
DOMAIN = "example.test"
# Nothing of it is asked for on a node that has a role of its own.
SERVICES = (
    *("amavis", "antispam", "antivirus", "dnscache", "ldap", "logger", "mailbox"),
    *("memcached", "mta", "opendkim", "proxy", "service", "snmp", "spell", "stats"),
    *("zimbra", "zimbraAdmin", "zimlet"),
)


@dataclass(frozen=True)
class Node:
    """One server: its short name, addresses, services and what is its own.

    `server` holds what its object in the directory has otherwise than the others';
    `packages` are those of Zimbra that it keeps, all where none are named.
    """

    name: str
    ipv4: str
    ipv6: str
    services: tuple[str, ...] = SERVICES
    packages: tuple[str, ...] = ()
    server: Mapping[str, str | list[str]] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Return the whole name."""
        return f"{self.name}.{DOMAIN}"


SINGLE = (Node("mail", "192.0.2.10", "2001:db8:0:1::10"),)


def nodes_of(tables: Mapping[str, Any]) -> tuple[Node, ...]:
    """Return the nodes that a state's tables describe."""
    shared, rows = tables.get("packages", ()), tables.get("node", {})
    return tuple(_node(name, row, shared) for name, row in rows.items()) or SINGLE


def _node(name: str, row: Mapping[str, Any], shared: Sequence[str]) -> Node:
    kept = (*shared, *row["packages"])
    own = row.get("server", {})
    return Node(name, row["ipv4"], row["ipv6"], tuple(row["services"]), kept, own)


@cache
def nodes(state: str) -> tuple[Node, ...]:
    """Return the nodes of a state."""
    return nodes_of(tomllib.loads((STATES / f"{state}.toml").read_text()))


def having(found: Sequence[Node], role: str) -> Node:
    """Return the first node with a role."""
    return next(node for node in found if role in node.services)
