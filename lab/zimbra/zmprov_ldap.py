"""zmprov -l: provisioning over LDAP; nobody's cache is flushed."""

from collections.abc import Mapping, Sequence

from . import creation
from .entry import Entry
from .errors import ProvisioningError, invalid_request
from .localconfig import LocalConfig
from .provisioning import Provisioning
from .schema import canonical
from .zmprov_backend import Changes, Shown
from .zmprov_grants import Grant, all_grants

_BELOW = {
    "dataSource": ("(objectClass=zimbraDataSource)", "zimbraDataSourceName"),
    "identity": ("(objectClass=zimbraIdentity)", "zimbraPrefIdentityName"),
    "signature": ("(objectClass=zimbraSignature)", "zimbraSignatureName"),
}


def connect(local: LocalConfig, *, master: bool) -> "LdapBackend":
    """Return the backend that localconfig's LDAP keys lead to."""
    url = (local.get("ldap_master_url" if master else "ldap_url") or "").split()
    return LdapBackend(
        Provisioning(
            url[0] if url else "ldap://localhost:389",
            local.get("zimbra_ldap_userdn") or "",
            local.get("zimbra_ldap_password") or "",
        )
    )


class LdapBackend:
    """Provisioning in the shape that the commands ask for."""

    over_ldap = True

    def __init__(self, provisioning: Provisioning) -> None:
        self.provisioning = provisioning

    def _shown(self, entry: Entry, *, own: bool) -> Shown:
        attrs = entry.attrs if own else self.provisioning.effective(entry)
        return Shown(entry.name, entry.id, attrs)

    def config(self) -> Shown:
        """Return the global configuration."""
        return Shown("config", "", self.provisioning.config().attrs)

    def config_values(self, name: str) -> Mapping[str, Sequence[str]]:
        """Return one attribute of it."""
        found = self.provisioning.config().attrs
        return {n: v for n, v in found.items() if n == canonical(name)}

    def get(self, kind: str, key: str, *, own: bool) -> Shown:
        """Return one entry by name or id, with or without inherited values."""
        return self._shown(self.find(kind, key), own=own)

    def find(self, kind: str, key: str) -> Entry:
        """Return the entry that a name or an id leads to."""
        try:
            return self.provisioning.get(kind, "name", key)
        except ProvisioningError as error:
            try:
                return self.provisioning.get(kind, "id", key)
            except ProvisioningError:
                raise error from None

    def all(self, kind: str, *, own: bool) -> list[Shown]:
        """Return all entries of a kind."""
        return [self._shown(e, own=own) for e in self.provisioning.all(kind)]

    def admins(self, *, own: bool) -> list[Shown]:
        """Return the administrators."""
        return [self._shown(e, own=own) for e in self.provisioning.admins()]

    def modify(self, kind: str, key: str, changes: Changes) -> None:
        """Change an entry."""
        entry = self.provisioning.config() if kind == "config" else self.find(kind, key)
        self.provisioning.modify(entry, changes)

    def create(self, kind: str, name: str, password: str, changes: Changes) -> str:
        """Create an entry and return its id."""
        if kind == "account":
            return creation.create_account(
                self.provisioning, name, password, changes
            ).id
        make = {
            "cos": creation.create_cos,
            "domain": creation.create_domain,
            "server": creation.create_server,
        }[kind]
        return make(self.provisioning, name, changes).id

    def delete(self, kind: str, key: str) -> None:
        """Remove an entry; a domain only when nobody is left in it."""
        entry = self.find(kind, key)
        people = self.provisioning.search("(objectClass=*)", entry.dn)
        if kind == "domain" and people:
            raise ProvisioningError(
                "account.DOMAIN_NOT_EMPTY", f"domain not empty: {entry.name}"
            )
        for alias in (
            entry.attrs.get("zimbraMailAlias", []) if kind == "account" else ()
        ):
            creation.remove_alias(self.provisioning, entry, alias)
        self.provisioning.directory.delete(entry.dn)

    def set_password(self, key: str, password: str) -> None:
        """Store an account's new password."""
        self.provisioning.set_password(self.find("account", key), password)

    def alias(self, key: str, alias: str, *, add: bool) -> None:
        """Give an account an alias or take it away."""
        act = creation.add_alias if add else creation.remove_alias
        act(self.provisioning, self.find("account", key), alias)

    def flush(self, types: str, names: Sequence[str], *, everywhere: bool) -> None:
        """Refuse: caches are the mailbox servers'."""
        _ = types, names, everywhere
        raise invalid_request("can only be used with SOAP")

    def below(self, account: str, kind: str) -> list[Shown]:
        """Return an account's data sources, identities or signatures."""
        text, naming = _BELOW[kind]
        found = []
        for _, raw in self.provisioning.directory.search(
            self.find("account", account).dn, text
        ):
            attrs = {
                canonical(n): [v.decode("utf-8", "replace") for v in values]
                for n, values in raw.items()
            }
            found.append(Shown(attrs[naming][0], "", attrs))
        return sorted(found, key=lambda shown: shown.name)

    def search(self, query: str, domain: str, *, own: bool) -> list[Shown]:
        """Return the accounts that a filter selects."""
        base = self.find("domain", domain).dn if domain else None
        found = self.provisioning.search(query, base)
        return [self._shown(entry, own=own) for entry in found]

    def grants(self, target: Sequence[str], grantee: Sequence[str]) -> list[Grant]:
        """Return all grants; the command itself selects."""
        _ = target, grantee
        return all_grants(self.provisioning)
