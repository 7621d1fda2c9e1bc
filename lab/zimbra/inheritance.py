"""Own value, else COS, else domain, else global: the values that take effect."""

from datetime import UTC, datetime
from typing import Protocol

from .entry import Entry
from .errors import ProvisioningError
from .schema import COS_AND_DOMAIN, find


class Lookup(Protocol):
    """What resolving asks of the directory."""

    def config(self) -> Entry:
        """Return the global configuration."""

    def get(self, kind: str, by: str, key: str) -> Entry:
        """Return one entry."""


def now() -> str:
    """Return the present as generalized time."""
    return datetime.now(UTC).strftime("%Y%m%d%H%M%SZ")


def cos_of(directory: Lookup, account: Entry, domain: Entry | None) -> Entry:
    """Return an account's class of service."""
    guest = account.is_true("zimbraIsExternalVirtualAccount")
    default = (
        "zimbraDomainDefaultExternalUserCOSId" if guest else "zimbraDomainDefaultCOSId"
    )
    for number in (
        account.first("zimbraCOSId"),
        domain.first(default) if domain else None,
    ):
        if number:
            try:
                return directory.get("cos", "id", number)
            except ProvisioningError:
                continue
    return directory.get("cos", "name", "defaultExternal" if guest else "default")


def domain_of(directory: Lookup, account: Entry) -> Entry | None:
    """Return an account's domain; service principals have none."""
    _, _, name = account.name.partition("@")
    return directory.get("domain", "name", name) if name else None


def _fill(
    values: dict[str, list[str]], parent: Entry, kind: str, flag: str | None = None
) -> None:
    for name, inherited in parent.attrs.items():
        row = find(name)
        if name in values or row is None or not row.inherits(kind):
            continue
        if flag is None or flag in row.inherited:
            values[name] = inherited


def effective(directory: Lookup, entry: Entry) -> dict[str, list[str]]:
    """Return own values and, where there are none, the inherited ones."""
    values = dict(entry.attrs)
    if entry.kind in {"server", "domain"}:
        _fill(values, directory.config(), entry.kind)
    if entry.kind in {"account", "resource"}:
        domain = domain_of(directory, entry)
        _fill(values, cos_of(directory, entry, domain), "account")
        if domain:
            _fill(values, domain, "account", COS_AND_DOMAIN)
    return values
