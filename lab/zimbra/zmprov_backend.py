"""The two ways of zmprov to the directory: straight LDAP, or admin SOAP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .zmprov_grants import Grant

Changes = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Shown:
    """An entry as it is printed."""

    name: str
    id: str
    attrs: Mapping[str, Sequence[str]]


class Backend(Protocol):
    """What the commands ask, whichever way it goes."""

    over_ldap: bool

    def config(self) -> Shown:
        """Return the global configuration."""

    def config_values(self, name: str) -> Mapping[str, Sequence[str]]:
        """Return one attribute of it."""

    def get(self, kind: str, key: str, *, own: bool) -> Shown:
        """Return one entry by name or id, with or without inherited values."""

    def all(self, kind: str, *, own: bool) -> list[Shown]:
        """Return all entries of a kind."""

    def admins(self, *, own: bool) -> list[Shown]:
        """Return the administrators."""

    def modify(self, kind: str, key: str, changes: Changes) -> None:
        """Change an entry."""

    def create(self, kind: str, name: str, password: str, changes: Changes) -> str:
        """Create an entry and return its id."""

    def delete(self, kind: str, key: str) -> None:
        """Remove an entry."""

    def set_password(self, key: str, password: str) -> None:
        """Store an account's new password."""

    def alias(self, key: str, alias: str, *, add: bool) -> None:
        """Give an account an alias or take it away."""

    def flush(self, types: str, names: Sequence[str], *, everywhere: bool) -> None:
        """Make the mailbox servers forget what they cached."""

    def below(self, account: str, kind: str) -> list[Shown]:
        """Return an account's data sources, identities or signatures."""

    def search(self, query: str, domain: str, *, own: bool) -> list[Shown]:
        """Return the accounts that a filter selects."""

    def grants(self, target: Sequence[str], grantee: Sequence[str]) -> list[Grant]:
        """Return grants, at least those on this target and to this grantee."""
