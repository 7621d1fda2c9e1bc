"""New accounts, domains, classes of service, aliases, lists and memberships."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from . import inheritance, passwords
from .changes import read_request
from .directory import Directory
from .entry import Entry
from .errors import ProvisioningError, invalid_request
from .schema import find
from .validation import check_value

Changes = Iterable[tuple[str, str]]


class Store(Protocol):
    """What creating asks of provisioning."""

    directory: Directory

    def config(self) -> Entry:
        """Return the global configuration."""

    def get(self, kind: str, by: str, key: str) -> Entry:
        """Return one entry."""

    def all(self, kind: str) -> list[Entry]:
        """Return every entry of a kind."""

    def modify(self, entry: Entry, changes: Changes, *, internal: bool = False) -> None:
        """Change an entry."""


def _own(changes: Changes) -> dict[str, list[str]]:
    request = read_request(changes)
    found = {name: request.new_values(name) for name in request.names()}
    for name, values in found.items():
        row = find(name)
        for value in values if row else ():
            assert row is not None  # noqa: S101 - told by the line above
            check_value(row, value)
    return {name: values for name, values in found.items() if values}


def _add(
    store: Store, dn: str, classes: Sequence[str], values: Mapping[str, Sequence[str]]
) -> None:
    raw = {name: [v.encode() for v in found] for name, found in values.items()}
    raw["objectClass"] = [name.encode() for name in classes]
    store.directory.add(dn, raw)


def _exists(store: Store, kind: str, key: str) -> bool:
    try:
        store.get(kind, "name", key)
    except ProvisioningError:
        return False
    return True


def _refuse_taken(store: Store, address: str) -> None:
    if _exists(store, "account", address) or _exists(store, "group", address):
        raise ProvisioningError(
            "account.ACCOUNT_EXISTS", f"email address already exists: {address}"
        )


def _place(store: Store, address: str) -> tuple[str, str]:
    uid, _, domain = address.partition("@")
    if not uid or not domain:
        raise invalid_request(f"must be valid email address: {address}")
    return uid, f"uid={uid},ou=people,{store.get('domain', 'name', domain).dn}"


def create_account(store: Store, name: str, password: str, changes: Changes) -> Entry:
    """Create an account with what provisioning adds of itself."""
    address = name.lower()
    _refuse_taken(store, address)
    uid, dn = _place(store, address)
    server = store.all("server")[0]
    host = server.first("zimbraServiceHostname") or server.name
    now = inheritance.now()
    values = {
        "uid": [uid],
        "cn": [uid],
        "sn": [uid],
        "mail": [address],
        "zimbraId": [str(uuid.uuid4())],
        "zimbraCreateTimestamp": [now],
        "zimbraAccountStatus": ["active"],
        "zimbraMailHost": [host],
        "zimbraMailTransport": [f"lmtp:{host}:7025"],
        "zimbraMailStatus": ["enabled"],
        "zimbraMailDeliveryAddress": [address],
        **_own(changes),
    }
    if password:
        preview = Entry(address, "", dn, "account", values)
        passwords.check_policy(password, inheritance.effective(store, preview))
        values["userPassword"] = [passwords.hashed(password)]
        values["zimbraPasswordModifiedTime"] = [now]
    _add(store, dn, ("inetOrgPerson", "zimbraAccount", "amavisAccount"), values)
    return store.get("account", "name", address)


def create_cos(store: Store, name: str, changes: Changes) -> Entry:
    """Create a class of service with nothing but what is asked for."""
    if _exists(store, "cos", name):
        raise ProvisioningError("account.COS_EXISTS", f"cos already exists: {name}")
    values = {"cn": [name], "zimbraId": [str(uuid.uuid4())], **_own(changes)}
    values["zimbraCreateTimestamp"] = [inheritance.now()]
    _add(store, f"cn={name},cn=cos,cn=zimbra", ("zimbraCOS",), values)
    return store.get("cos", "name", name)


def create_server(store: Store, name: str, changes: Changes) -> Entry:
    """Create a server entry."""
    if _exists(store, "server", name):
        raise ProvisioningError(
            "account.SERVER_EXISTS", f"server already exists: {name}"
        )
    values = {
        "cn": [name],
        "zimbraId": [str(uuid.uuid4())],
        "zimbraServiceHostname": [name],
        "zimbraCreateTimestamp": [inheritance.now()],
        **_own(changes),
    }
    _add(store, f"cn={name},cn=servers,cn=zimbra", ("zimbraServer",), values)
    return store.get("server", "name", name)


def create_domain(store: Store, name: str, changes: Changes) -> Entry:
    """Create a domain, the labels above it and the containers in it."""
    if _exists(store, "domain", name):
        raise ProvisioningError(
            "account.DOMAIN_EXISTS", f"domain already exists: {name}"
        )
    labels = name.lower().split(".")
    dn = ",".join(f"dc={label}" for label in labels)
    for start in range(len(labels) - 1, 0, -1):
        above = ",".join(f"dc={label}" for label in labels[start:])
        if not any(store.directory.search(above, "(objectClass=*)", ["1.1"], 0)):
            label = labels[start]
            values = {"dc": [label], "o": [f"{label} domain"]}
            _add(store, above, ("dcObject", "organization"), values)
    values = {
        "dc": [labels[0]],
        "o": [f"{name} domain"],
        "zimbraId": [str(uuid.uuid4())],
        "zimbraDomainName": [name.lower()],
        "zimbraDomainStatus": ["active"],
        "zimbraDomainType": ["local"],
        "zimbraMailStatus": ["enabled"],
        "zimbraCreateTimestamp": [inheritance.now()],
        **_own(changes),
    }
    _add(
        store,
        dn,
        ("dcObject", "organization", "zimbraDomain", "amavisAccount"),
        values,
    )
    for container in ("ou=people", "cn=groups"):
        key, _, label = container.partition("=")
        held = {key: [label], "cn": [label]}
        _add(store, f"{container},{dn}", ("organizationalRole",), held)
    return store.get("domain", "name", name)


def add_alias(store: Store, account: Entry, alias: str) -> None:
    """Give an account another address."""
    _refuse_taken(store, alias)
    uid, dn = _place(store, alias)
    values = {
        "uid": [uid],
        "zimbraId": [str(uuid.uuid4())],
        "zimbraAliasTargetId": [account.id],
        "zimbraCreateTimestamp": [inheritance.now()],
    }
    _add(store, dn, ("zimbraAlias",), values)
    both = [("+zimbraMailAlias", alias), ("+mail", alias)]
    store.modify(account, both, internal=True)


def remove_alias(store: Store, account: Entry, alias: str) -> None:
    """Take an address from an account."""
    if alias not in account.attrs.get("zimbraMailAlias", []):
        raise ProvisioningError("account.NO_SUCH_ALIAS", f"no such alias: {alias}")
    both = [("-zimbraMailAlias", alias), ("-mail", alias)]
    store.modify(account, both, internal=True)
    store.directory.delete(_place(store, alias)[1])
