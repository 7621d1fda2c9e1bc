"""The directory behind the mailbox server: provisioning and what zmprov adds."""

from collections.abc import Sequence

from .. import creation  # noqa: TID252 - the name differs in the node
from ..provisioning import Provisioning  # noqa: TID252 - the same
from ..zmprov_grants import Grant, all_grants  # noqa: TID252 - the same
from ..zmprov_ldap import LdapBackend  # noqa: TID252 - the same
from .store import Attributes, Changes, Entry


class LdapStore(Provisioning):
    """Provisioning over LDAP, in the shape that mailboxd asks for."""

    def create_cos(self, name: str, changes: Changes) -> Entry:
        """Create a class of service."""
        return creation.create_cos(self, name, changes)

    def create_domain(self, name: str, changes: Changes) -> Entry:
        """Create a domain."""
        return creation.create_domain(self, name, changes)

    def delete(self, entry: Entry) -> None:
        """Remove an entry; a domain only when nobody is left in it."""
        LdapBackend(self).delete(entry.kind, entry.id)

    def add_alias(self, account: Entry, alias: str) -> None:
        """Give an account another address."""
        creation.add_alias(self, account, alias)

    def remove_alias(self, account: Entry, alias: str) -> None:
        """Take an address from an account."""
        creation.remove_alias(self, account, alias)

    def data_sources(self, account: Entry) -> Sequence[tuple[str, Attributes]]:
        """Give an account's data sources by name."""
        below = LdapBackend(self).below(account.name, "dataSource")
        return [
            (shown.name, {name: list(found) for name, found in shown.attrs.items()})
            for shown in below
        ]

    def grants(self) -> Sequence[Grant]:
        """Give every right granted in the directory."""
        return all_grants(self)
