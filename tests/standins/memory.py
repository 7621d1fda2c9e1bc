"""Provisioning in memory: the lab's rules without its LDAP server."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from lab.zimbra.changes import outcome, read_request
from lab.zimbra.entry import Entry
from lab.zimbra.errors import ProvisioningError, invalid_request, no_such
from lab.zimbra.inheritance import effective
from lab.zimbra.passwords import check_policy, hashed, matches
from lab.zimbra.schema import find
from lab.zimbra.validation import check_value

Changes = Iterable[tuple[str, str]]


class Granted(NamedTuple):
    """One right of one grantee on one target."""

    target_type: str
    target_id: str
    target_name: str
    grantee_type: str
    grantee_id: str
    grantee_name: str
    right: str


class Memory:
    """The provisioning interface over a dictionary."""

    def __init__(self, *entries: Entry) -> None:
        self.entries = {entry.dn: entry for entry in entries}

    def config(self) -> Entry:
        return self.get("config", "name", "config")

    def get(self, kind: str, by: str, key: str, /) -> Entry:
        given = key
        if kind == "account" and by == "name" and "@" not in key:
            given = f"{key}@{self.config().first('zimbraDefaultDomainName')}"
        for entry in self.entries.values():
            if entry.kind == kind and self._bears(entry, by, given):
                return entry
        raise no_such(kind, key)

    def _bears(self, entry: Entry, by: str, key: str) -> bool:
        if by == "id":
            return entry.id == key
        if by == "adminName":
            return entry.dn.endswith("cn=admins,cn=zimbra") and entry.name == key
        names = [entry.name, *entry.attrs.get("zimbraMailAlias", [])]
        return key.lower() in (name.lower() for name in names)

    def all(self, kind: str, /) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.kind == kind]

    def admins(self) -> list[Entry]:
        return self.search("(zimbraIsAdminAccount=TRUE)")

    def search(
        self,
        query: str,
        base: str | None = None,
        kinds: Sequence[str] = ("account",),
        /,
    ) -> list[Entry]:
        found = [
            entry
            for entry in self.entries.values()
            if entry.kind in kinds
            and entry.dn.endswith(base or "")
            and not entry.dn.endswith("cn=zimbra") | (entry.kind != "account")
            and _matches(entry, query)
        ]
        return sorted(found, key=lambda entry: entry.name)

    def effective(self, entry: Entry) -> dict[str, list[str]]:
        return effective(self, entry)

    def modify(self, entry: Entry, changes: Changes, *, internal: bool = False) -> None:
        request = read_request(changes)
        for name in request.names():
            self._check(name, request.new_values(name), internal=internal)
        fresh = self.entries[entry.dn]
        wanted = outcome(request, fresh.attrs)
        attrs = {n: v for n, v in {**fresh.attrs, **wanted}.items() if v}
        self.entries[entry.dn] = replace(fresh, attrs=attrs)

    def _check(self, name: str, values: Sequence[str], *, internal: bool) -> None:
        row = find(name)
        if row is None:
            raise ProvisioningError(
                "account.INVALID_ATTR_NAME",
                "invalid attr name: invalid attr name - unable to modify attributes: "
                f"ldap host=127.0.0.1:389: {name}: attribute type undefined",
            )
        if row.immutable and not internal:
            raise invalid_request(f"{row.name} is immutable")
        for value in values:
            check_value(row, value)

    def verify_password(self, entry: Entry, password: str) -> bool:
        stored = self.entries[entry.dn].attrs.get("userPassword", [])
        return any(matches(password, value) for value in stored)

    def set_password(self, entry: Entry, password: str) -> None:
        check_policy(password, self.effective(entry))
        self.modify(entry, [("userPassword", hashed(password))], internal=True)

    def create_account(self, name: str, password: str, changes: Changes) -> Entry:
        preview = account(name)
        check_policy(password, self.effective(preview))
        created = account(name, password)
        self.entries[created.dn] = created
        self.modify(created, changes)
        return self.entries[created.dn]

    def create_cos(self, name: str, changes: Changes) -> Entry:
        return self._create(
            named("cos", name, f"cn={name},cn=cos,cn=zimbra", {}), changes
        )

    def create_domain(self, name: str, changes: Changes) -> Entry:
        labels = ",".join(f"dc={label}" for label in name.split("."))
        return self._create(named("domain", name, labels, {}), changes)

    def _create(self, entry: Entry, changes: Changes) -> Entry:
        self.entries[entry.dn] = entry
        self.modify(entry, changes)
        return self.entries[entry.dn]

    def delete(self, entry: Entry) -> None:
        del self.entries[entry.dn]

    def add_alias(self, account: Entry, alias: str) -> None:
        self.modify(account, [("+zimbraMailAlias", alias)], internal=True)

    def remove_alias(self, account: Entry, alias: str) -> None:
        self.modify(account, [("-zimbraMailAlias", alias)], internal=True)

    def data_sources(self, account: Entry) -> list[tuple[str, dict[str, list[str]]]]:
        place = f",{account.dn}"
        return [(e.name, e.attrs) for e in self.entries.values() if place in e.dn]

    def grants(self) -> list[Granted]:
        return [
            _granted(entry, ace)
            for entry in self.entries.values()
            for ace in entry.attrs.get("zimbraACE", [])
        ]


def _granted(entry: Entry, ace: str) -> Granted:
    number, kind, right = ace.split(" ", 2)
    return Granted(entry.kind, entry.id, entry.name, kind, number, "", right)


def _matches(entry: Entry, query: str) -> bool:
    """Judge the one form that the tests use: (name=value) or (name=*)."""
    name, _, value = query.strip("()").partition("=")
    if name == "objectClass":
        return True
    values = entry.attrs.get(name, [])
    return bool(values) if value == "*" else value in values


def account(name: str, password: str = "", **attributes: str) -> Entry:
    uid, _, domain = name.partition("@")
    labels = ",".join(f"dc={label}" for label in domain.split("."))
    place = f"ou=people,{labels}" if domain else "cn=admins,cn=zimbra"
    number = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    attrs = {"zimbraId": [number], "zimbraAccountStatus": ["active"], "uid": [uid]}
    attrs |= {key: [value] for key, value in attributes.items()}
    if password:
        attrs["userPassword"] = [hashed(password)]
    return Entry(name, number, f"uid={uid},{place}", "account", attrs)


def named(kind: str, name: str, dn: str, attrs: dict[str, list[str]]) -> Entry:
    number = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind}.{name}"))
    return Entry(name, number, dn, kind, {"zimbraId": [number], **attrs})


def directory(**config: list[str]) -> Memory:
    """Return a small installation: one server, one domain, three accounts."""
    settings = {
        "zimbraDefaultDomainName": ["example.test"],
        "zimbraAuthTokenKey": ["0:1:" + "5a" * 32],
        "zimbraMailMode": ["https"],
        "zimbraMtaRelayHost": ["relay.example.test"],
        "zimbraLastLogonTimestampFrequency": ["7d"],
        "zimbraCsrfTokenCheckEnabled": ["TRUE"],
        "zimbraCsrfRefererCheckEnabled": ["TRUE"],
        "zimbraInvalidLoginFilterMaxFailedLogin": ["10"],
        **config,
    }
    cos = {
        "zimbraAuthTokenLifetime": ["2d"],
        "zimbraAdminAuthTokenLifetime": ["12h"],
        "zimbraImapEnabled": ["TRUE"],
        "zimbraPop3Enabled": ["TRUE"],
        "zimbraPasswordMinLength": ["6"],
        "zimbraProxyAllowedDomains": ["*.example.test"],
    }
    server = {
        "zimbraServiceHostname": ["mail.example.test"],
        "zimbraServerVersion": ["10.1.3_GA_4655"],
        "zimbraServiceEnabled": ["mailbox", "mta"],
    }
    return Memory(
        Entry("config", "", "cn=config,cn=zimbra", "config", settings),
        named("cos", "default", "cn=default,cn=cos,cn=zimbra", cos),
        named("server", "mail.example.test", "cn=mail,cn=servers,cn=zimbra", server),
        named("domain", "example.test", "dc=example,dc=test", {}),
        account("zimbra", "ldap-secret", zimbraIsAdminAccount="TRUE"),
        account("admin@example.test", "admin-secret", zimbraIsAdminAccount="TRUE"),
        account("user1@example.test", "user-secret", zimbraMailAlias="u@example.test"),
        account("user2@example.test", "user-secret"),
    )
