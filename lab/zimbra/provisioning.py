"""Zimbra's provisioning over LDAP: what zmprov -l, mailboxd and configd call."""

import contextlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

import ldap

from . import inheritance, passwords
from .callbacks import run_callbacks
from .changes import outcome, read_request
from .directory import Directory, Raw
from .entry import Entry
from .errors import ProvisioningError, failure, invalid_request, no_such
from .places import ADMINS_DN, CONFIG_DN, KINDS, lookup_filter
from .schema import BINARY, canonical, find
from .validation import check_value

_LOG = logging.getLogger("zimbra.misc")
_ADMINS = "(|(zimbraIsAdminAccount=TRUE)(zimbraIsDelegatedAdminAccount=TRUE))"

Changes = Iterable[tuple[str, str]]


def _text(name: str, value: bytes) -> str:
    row = find(name)
    if row is not None and row.type in BINARY:
        return value.decode("latin-1")
    return value.decode("utf-8", "replace")


def _bytes(name: str, value: str) -> bytes:
    row = find(name)
    return value.encode("latin-1" if row and row.type in BINARY else "utf-8")


def entry_from(kind: str, raw: Raw) -> Entry:
    """Return the entry of one search result."""
    dn, values = raw
    attrs = {
        canonical(name): [_text(canonical(name), value) for value in found]
        for name, found in values.items()
    }
    if kind == "config":
        return Entry("config", "", dn, kind, attrs)
    named = attrs.get(KINDS[kind].name_attribute) or attrs.get("uid") or [dn]
    return Entry(named[0], (attrs.get("zimbraId") or [""])[0], dn, kind, attrs)


class Provisioning:
    """The provisioning interface over one LDAP connection."""

    def __init__(self, url: str, dn: str, password: str) -> None:
        self.directory = Directory(url, dn, password)

    def config(self) -> Entry:
        """Return the global configuration."""
        for raw in self.directory.search(
            CONFIG_DN, "(objectClass=zimbraGlobalConfig)", scope=ldap.SCOPE_BASE
        ):
            return entry_from("config", raw)
        raise failure("unable to get config")

    def get(self, kind: str, by: str, key: str) -> Entry:
        """Return one entry, or refuse with the code of its kind."""
        if kind == "config":
            return self.config()
        base, given = KINDS[kind].base, key
        if kind == "account" and by == "adminName":
            base = ADMINS_DN
        elif kind in {"account", "group"} and by == "name" and "@" not in key:
            return self._bare(kind, key)
        for raw in self.directory.search(base, lookup_filter(kind, by, given)):
            return entry_from(kind, raw)
        raise no_such(kind, key)

    def _bare(self, kind: str, name: str) -> Entry:
        """Return what a name without a domain means: a service principal first."""
        if kind == "account":
            with contextlib.suppress(ProvisioningError):
                return self.get(kind, "adminName", name)
        default = self.config().first("zimbraDefaultDomainName") or "localhost"
        try:
            return self.get(kind, "name", f"{name}@{default}")
        except ProvisioningError as error:
            raise no_such(kind, name) from error

    def all(self, kind: str) -> list[Entry]:
        """Return every entry of a kind, by name; service principals are none."""
        row = KINDS[kind]
        return self._entries(kind, row.base, row.object_filter, row.scope)

    def admins(self) -> list[Entry]:
        """Return the global and delegated administrators among the mail accounts."""
        return self.search(_ADMINS)

    def search(
        self,
        text: str,
        base: str | None = None,
        kinds: Sequence[str] = ("account",),
        attrs: Sequence[str] | None = None,
    ) -> list[Entry]:
        """Return the entries of these kinds that a filter selects."""
        query = text if text.startswith("(") else f"({text})"
        found: list[Entry] = []
        for kind in kinds:
            row = KINDS[kind]
            both = f"(&{row.object_filter}{query})"
            found += self._entries(
                kind,
                row.base if base is None else base,
                both,
                ldap.SCOPE_SUBTREE,
                attrs,
            )
        return sorted(found, key=lambda entry: entry.name)

    def _entries(
        self,
        kind: str,
        base: str,
        text: str,
        scope: int,
        attrs: Sequence[str] | None = None,
    ) -> list[Entry]:
        if attrs is not None:
            attrs = [*attrs, KINDS[kind].name_attribute, "uid", "zimbraId"]
        found = [
            entry_from(kind, raw)
            for raw in self.directory.search(base, text, attrs, scope)
            if KINDS[kind].base or not raw[0].endswith("cn=zimbra")
        ]
        return sorted(found, key=lambda entry: entry.name)

    def effective(self, entry: Entry) -> dict[str, list[str]]:
        """Return own values and, where an entry has none, the inherited ones."""
        return inheritance.effective(self, entry)

    def find_id(self, kind: str, number: str) -> bool:
        """Tell whether an entry of that kind has that id."""
        return any(
            self.directory.search("", lookup_filter(kind, "id", number), ["1.1"])
        )

    def find_server(self, hostname: str) -> bool:
        """Tell whether a server has that service host name."""
        text = lookup_filter("server", "serviceHostname", hostname)
        return any(self.directory.search("", text, ["1.1"]))

    def modify(self, entry: Entry, changes: Changes, *, internal: bool = False) -> None:
        """Change an entry by Zimbra's rules, all of the request or nothing.

        Internal changes are the server's own: they may touch what is immutable
        and run no callback.
        """
        request = read_request(changes)
        for name in request.names():
            self._check(name, request.new_values(name), internal=internal)
        fresh = self._reread(entry)
        if not internal:
            run_callbacks(request, fresh, self)
        wanted = outcome(request, fresh.attrs)
        if not wanted:
            return
        stored = {n: [_bytes(n, v) for v in values] for n, values in wanted.items()}
        self.directory.modify(entry.dn, stored)
        if wanted.get("zimbraAccountStatus") == ["closed"] and not internal:
            self._leave_lists(fresh)

    def _check(self, name: str, values: Sequence[str], *, internal: bool) -> None:
        row = find(name)
        if row is None:
            _LOG.warning("checkValue: no attribute info for: %s", name)
            return
        if row.immutable and not internal:
            raise invalid_request(f"{row.name} is immutable")
        if row.deprecated_since and values and not internal:
            raise failure(f"modifying deprecated attribute is not allowed: {row.name}")
        for value in values:
            check_value(row, value)

    def _reread(self, entry: Entry) -> Entry:
        for _, values in self.directory.search(
            entry.dn, "(objectClass=*)", scope=ldap.SCOPE_BASE
        ):
            return replace(entry_from(entry.kind, (entry.dn, values)), name=entry.name)
        raise no_such(entry.kind, entry.name)

    def _leave_lists(self, account: Entry) -> None:
        addresses = {*account.attrs.get("mail", ()), account.name}
        for group in self.all("group"):
            members = group.attrs.get("zimbraMailForwardingAddress", [])
            kept = [member for member in members if member not in addresses]
            if kept != members:
                place = {"zimbraMailForwardingAddress": [m.encode() for m in kept]}
                self.directory.modify(group.dn, place)

    def verify_password(self, entry: Entry, password: str) -> bool:
        """Tell whether this is the password that the directory holds."""
        stored = self._reread(entry).attrs.get("userPassword", [])
        return any(passwords.matches(password, value) for value in stored)

    def set_password(self, entry: Entry, password: str) -> None:
        """Store a new password, judged by the account's policy."""
        passwords.check_policy(password, self.effective(entry))
        now = inheritance.now()
        self.modify(
            entry,
            [
                ("userPassword", passwords.hashed(password)),
                ("zimbraPasswordModifiedTime", now),
            ],
            internal=True,
        )

    def authenticate(self, name: str, password: str) -> Entry:
        """Return the account if the password is right and its status lets it in."""
        refused = ProvisioningError(
            "account.AUTH_FAILED", f"authentication failed for [{name}]"
        )
        try:
            entry = self.get("account", "name", name)
        except ProvisioningError as error:
            raise refused from error
        status = entry.first("zimbraAccountStatus")
        if status == "maintenance":
            raise ProvisioningError(
                "account.MAINTENANCE_MODE", "account is in maintenance mode"
            )
        if status != "active" or not self.verify_password(entry, password):
            raise refused
        return entry

    def create_account(self, name: str, password: str, changes: Changes) -> Entry:
        """Create an account with what provisioning adds of itself."""
        from .creation import create_account  # noqa: PLC0415 - it calls back

        return create_account(self, name, password, changes)
