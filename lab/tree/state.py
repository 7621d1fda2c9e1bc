"""What a state changes in the directory and in localconfig."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.nodes import SINGLE, Node, nodes_of
from lab.tree.ldif import Entry

STATES = Path(__file__).resolve().parents[1] / "states"
NEWEST = "10.1.21"

Changes = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Habits:
    """What a state says of the whole directory: the table `[directory]`."""

    anonymous: bool = False
    data_sources: bool = True
    stale_users: str = "active"
    dkim: bool = False
    zimlets_removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """The directory's side of a state; an empty value removes the attribute."""

    config: Changes = field(default_factory=dict)
    server: Changes = field(default_factory=dict)
    cos: Mapping[str, Changes] = field(default_factory=dict)
    domain: Mapping[str, Changes] = field(default_factory=dict)
    account: Mapping[str, Changes] = field(default_factory=dict)
    localconfig: Mapping[str, str] = field(default_factory=dict)
    version: str = NEWEST
    habits: Habits = field(default_factory=Habits)
    nodes: tuple[Node, ...] = SINGLE

    def changes_of(self, entry: Entry) -> Changes:
        """Return what the state changes in that entry."""
        if entry.dn == "cn=config,cn=zimbra":
            return self.config
        if "zimbraServer" in entry.classes:
            return {**self.server, **self._own(entry.attributes["cn"][0])}
        if "zimbraCOS" in entry.classes:
            return self.cos.get(entry.attributes["cn"][0], {})
        if "zimbraDomain" in entry.classes:
            return self.domain.get(entry.attributes["zimbraDomainName"][0], {})
        if "zimbraAccount" in entry.classes and "mail" in entry.attributes:
            return self.account.get(entry.attributes["mail"][0], {})
        return {}

    def _own(self, host: str) -> Changes:
        return next((_values(n.server) for n in self.nodes if n.host == host), {})


def _values(table: Mapping[str, str | list[str]]) -> Changes:
    return {
        name: tuple(value) if isinstance(value, list) else (value,)
        for name, value in table.items()
    }


def _habits(table: Mapping[str, Any]) -> Habits:
    removed = tuple(table.get("zimlets_removed", ()))
    return Habits(**{**table, "zimlets_removed": removed})


def _tables(tables: Mapping[str, Any]) -> dict[str, Changes]:
    return {name: _values(table) for name, table in tables.items()}


def state_from_tables(tables: Mapping[str, Any]) -> State:
    """Return the state that a parsed TOML file describes; foreign tables pass by."""
    return State(
        config=_values(tables.get("global", {})),
        server=_values(tables.get("server", {})),
        cos=_tables(tables.get("cos", {})),
        domain=_tables(tables.get("domain", {})),
        account=_tables(tables.get("account", {})),
        localconfig=tables.get("localconfig", {}),
        version=tables.get("zimbra_version", NEWEST),
        habits=_habits(tables.get("directory", {})),
        nodes=nodes_of(tables),
    )


def read_state(name: str) -> State:
    """Return the state of that name."""
    path = STATES / f"{name}.toml"
    return state_from_tables(tomllib.loads(path.read_text(encoding="utf-8")))
