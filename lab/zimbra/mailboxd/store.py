"""What the mailbox server asks of the provisioning directory."""

from collections.abc import Sequence
from typing import Protocol

from ..entry import Entry as _Entry  # noqa: TID252 - the name differs in the node

Entry = _Entry

Changes = Sequence[tuple[str, str]]
Attributes = dict[str, list[str]]


class Grant(Protocol):
    """One right of one grantee on one target; signs stand before the right."""

    @property
    def target_type(self) -> str:
        """The kind of the target."""

    @property
    def target_id(self) -> str:
        """The id of the target."""

    @property
    def target_name(self) -> str:
        """The name of the target."""

    @property
    def grantee_type(self) -> str:
        """The kind of the grantee."""

    @property
    def grantee_id(self) -> str:
        """The id of the grantee."""

    @property
    def grantee_name(self) -> str:
        """The name of the grantee."""

    @property
    def right(self) -> str:
        """The right."""


class Store(Protocol):
    """The directory; each call goes to LDAP."""

    def config(self) -> Entry:
        """Read the global configuration."""

    def get(self, kind: str, by: str, key: str, /) -> Entry:
        """Read one entry."""

    def all(self, kind: str, /) -> Sequence[Entry]:
        """Read every entry of a kind."""

    def admins(self) -> Sequence[Entry]:
        """Read the administrators' accounts."""

    def search(
        self,
        query: str,
        base: str | None = None,
        kinds: Sequence[str] = ("account",),
        /,
    ) -> Sequence[Entry]:
        """Read the entries that a filter selects."""

    def modify(self, entry: Entry, changes: Changes, *, internal: bool = False) -> None:
        """Change an entry; internal changes skip the immutability check."""

    def create_account(self, name: str, password: str, changes: Changes) -> Entry:
        """Create an account."""

    def create_cos(self, name: str, changes: Changes) -> Entry:
        """Create a class of service."""

    def create_domain(self, name: str, changes: Changes) -> Entry:
        """Create a domain."""

    def delete(self, entry: Entry) -> None:
        """Remove an entry."""

    def add_alias(self, account: Entry, alias: str) -> None:
        """Give an account another address."""

    def remove_alias(self, account: Entry, alias: str) -> None:
        """Take an address from an account."""

    def data_sources(self, account: Entry) -> Sequence[tuple[str, Attributes]]:
        """Read an account's data sources by name."""

    def grants(self) -> "Sequence[Grant]":
        """Read every right granted in the directory."""

    def set_password(self, entry: Entry, password: str) -> None:
        """Store a new password, judged by the policy."""

    def verify_password(self, entry: Entry, password: str) -> bool:
        """Tell whether this is the password."""
