"""The accounts that stand out: admins, guests, overrides, forwards, other states.

A directory may hold a million accounts, so the search names what it looks for and
its answer is reduced to groups while it streams in: each a count and some names.
"""

from collections.abc import Iterable, Mapping

import msgspec

from zmward.catalog.overrides import OVERRIDES
from zmward.sources import ldif
from zmward.sources.source import Search, Source, Unreadable

_NAMES = 50
_ADMINS = 500


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many accounts, and the names of the first of them."""

    count: int
    names: tuple[str, ...]


class Admin(msgspec.Struct, frozen=True, omit_defaults=True):
    """One administrator, with the values that the controls on admins ask for."""

    name: str
    status: str = ""
    delegated: bool = False
    last_logon: str = ""
    created: str = ""
    cos: str = ""
    two_factor: bool = False
    forwards: bool = False
    own: Mapping[str, tuple[str, ...]] = {}


class Accounts(msgspec.Struct, frozen=True):
    """Groups by name, overrides by attribute (exact spelling) and joined values."""

    matched: int
    admins: tuple[Admin, ...]
    groups: Mapping[str, Group]
    overrides: Mapping[str, Mapping[str, Group]]


_FLAGS = {
    "guest": ("zimbraIsExternalVirtualAccount", "TRUE"),
    "locked": ("zimbraAccountStatus", "locked"),
    "lockout": ("zimbraAccountStatus", "lockout"),
    "closed": ("zimbraAccountStatus", "closed"),
    "pending": ("zimbraAccountStatus", "pending"),
    "maintenance": ("zimbraAccountStatus", "maintenance"),
}
_SYSTEM = ("zimbraIsSystemAccount", "zimbraIsSystemResource")
_FORWARDS = {
    "forwards": "zimbraPrefMailForwardingAddress",
    "forwards-hidden": "zimbraMailForwardingAddress",
    "redirects": "zimbraMailSieveScript",
}
_ROW = (
    "zimbraMailDeliveryAddress",
    "zimbraAccountStatus",
    "zimbraIsAdminAccount",
    "zimbraIsDelegatedAdminAccount",
    "zimbraIsExternalVirtualAccount",
    "zimbraLastLogonTimestamp",
    "zimbraCreateTimestamp",
    "zimbraCOSId",
    "zimbraTwoFactorAuthEnabled",
    "zimbraPrefMailForwardingAddress",
    "zimbraMailForwardingAddress",
)


def _filter() -> str:
    wanted = [
        "(zimbraIsAdminAccount=TRUE)",
        "(zimbraIsDelegatedAdminAccount=TRUE)",
        "(zimbraMailSieveScript=*redirect*)",
        "(zimbraPrefMailForwardingAddress=*)",
        "(zimbraMailForwardingAddress=*)",
    ]
    wanted += [f"({name}={value})" for name, value in _FLAGS.values()]
    wanted += [f"({name}=*)" for name in OVERRIDES]
    ordinary = "".join(f"(!({name}=TRUE))" for name in _SYSTEM)
    return f"(&(objectClass=zimbraAccount){ordinary}(|{''.join(wanted)}))"


class _Tally:
    """Counts accounts under names, keeping the first of them."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.names: dict[str, list[str]] = {}

    def add(self, group: str, name: str) -> None:
        self.counts[group] = self.counts.get(group, 0) + 1
        names = self.names.setdefault(group, [])
        if len(names) < _NAMES:
            names.append(name)

    def groups(self) -> dict[str, Group]:
        return {
            group: Group(count, tuple(self.names[group]))
            for group, count in self.counts.items()
        }


def _admin(name: str, record: ldif.Record) -> Admin:
    return Admin(
        name=name,
        status=record.one("zimbraAccountStatus"),
        delegated=record.one("zimbraIsAdminAccount") != "TRUE",
        last_logon=record.one("zimbraLastLogonTimestamp"),
        created=record.one("zimbraCreateTimestamp"),
        cos=record.one("zimbraCOSId"),
        two_factor=record.one("zimbraTwoFactorAuthEnabled") == "TRUE",
        forwards=any(attr.lower() in record.values for attr in _FORWARDS.values()),
        own={
            attr: record.values[attr.lower()]
            for attr in OVERRIDES
            if attr.lower() in record.values
        },
    )


def _is_admin(record: ldif.Record) -> bool:
    return "TRUE" in (
        record.one("zimbraIsAdminAccount"),
        record.one("zimbraIsDelegatedAdminAccount"),
    )


def reduce(lines: Iterable[str]) -> str:
    """Turn the LDIF of an answer into the JSON of an Accounts, holding one entry."""
    groups = _Tally()
    overrides = {attr: _Tally() for attr in OVERRIDES}
    admins: list[Admin] = []
    matched = 0
    for record in ldif.records(lines):
        matched += 1
        name = record.one("zimbraMailDeliveryAddress") or record.dn
        if _is_admin(record):
            groups.add("admin", name)
            if len(admins) < _ADMINS:
                admins.append(_admin(name, record))
        for group, (attr, value) in _FLAGS.items():
            if record.one(attr) == value:
                groups.add(group, name)
        for group, attr in _FORWARDS.items():
            if attr.lower() in record.values:
                groups.add(group, name)
        for attr, tally in overrides.items():
            values = record.values.get(attr.lower())
            if values:
                tally.add("\n".join(sorted(values)), name)
    found = Accounts(
        matched,
        tuple(admins),
        groups.groups(),
        {attr: tally.groups() for attr, tally in overrides.items() if tally.counts},
    )
    return msgspec.json.encode(found).decode()


def parse(answer: str) -> Accounts:
    """Read the stored JSON."""
    try:
        return msgspec.json.decode(answer, type=Accounts)
    except msgspec.DecodeError as error:
        raise Unreadable(f"accounts: {error}") from error


ACCOUNTS = Source(
    name="ldap-accounts",
    about="Accounts that stand out: admins, guests, forwards, own settings.",
    question=Search("", "sub", _filter(), (*_ROW, *OVERRIDES), seconds=600),
    parse=parse,
    reduce=reduce,
    directory=True,
)
