"""What the mailbox server asks of the provisioning directory."""

from collections.abc import Sequence
from typing import Protocol

from ..entry import Entry as _Entry  # noqa: TID252 - the name differs in the node

Entry = _Entry

Changes = Sequence[tuple[str, str]]
Attributes = dict[str, list[str]]


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

    def set_password(self, entry: Entry, password: str) -> None:
        """Store a new password, judged by the policy."""

    def verify_password(self, entry: Entry, password: str) -> bool:
        """Tell whether this is the password."""
