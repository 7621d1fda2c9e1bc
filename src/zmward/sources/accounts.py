"""The accounts: administrators, what stands out, and a census of all of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from zmward.catalog.overrides import OVERRIDES
from zmward.sources import ldif
from zmward.sources.accounts_program import PROGRAM
from zmward.sources.source import Snippet, Source, Unreadable

_FLAGS = ("closed", "lockout", "locked", "maintenance", "pending")
_FORWARDS = ("zimbraPrefMailForwardingAddress", "zimbraMailForwardingAddress")
_NAMES = 50
_TALLY = re.compile(r"\+([0-9]{1,12})\t([^\t]*)\t(.+)", re.DOTALL)
T = TypeVar("T")
_REDIRECTS = re.compile(r'\bredirect\b(?:\s+:\w+)*\s+"([^"]*)"')


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
    by_domain: bool = False
    own: Mapping[str, tuple[str, ...]] = {}


class Census(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts over all accounts.

    `statuses`: kind (user, guest, resource, system, principal) and status, joined by
    a blank. The rest is of active users only: `coses` by COS id, or by `@domain` for
    accounts that name none; `last_logon` and `never` by month (YYYYMM) of the last
    logon, or of the creation of accounts that nobody ever logged in to.
    """

    statuses: Mapping[str, int] = {}
    coses: Mapping[str, int] = {}
    second_factor: int = 0
    last_logon: Mapping[str, Group] = {}
    never: Mapping[str, Group] = {}

    @property
    def active(self) -> int:
        """Return the number of users who can log in."""
        return self.statuses.get("user active", 0)


class Accounts(msgspec.Struct, frozen=True):
    """Groups by name, overrides by attribute (exact spelling) and joined values.

    `forwards` maps how (`own`, `hidden`, `filter`) to the target's domain.
    """

    matched: int
    admins: tuple[Admin, ...]
    groups: Mapping[str, Group]
    overrides: Mapping[str, Mapping[str, Group]]
    forwards: Mapping[str, Mapping[str, Group]] = {}
    census: Census = Census()


class _Tallies:
    """What the lines of the program come to."""

    def __init__(self) -> None:
        self.matched: int | None = None
        self.admins: list[Admin] = []
        self.groups: dict[str, Group] = {}
        self.overrides: dict[str, dict[str, Group]] = {}
        self.forwards: dict[str, dict[str, Group]] = {}
        self.statuses: dict[str, int] = {}
        self.coses: dict[str, int] = {}
        self.second_factor = 0
        self.last_logon: dict[str, Group] = {}
        self.never: dict[str, Group] = {}

    def add(self, line: str) -> None:
        """Take one tally."""
        tally = _TALLY.fullmatch(line)
        if tally is None:
            raise Unreadable(f"accounts: not a tally: {line[:60]!r}")
        what = tally[3].split("\t")
        group = Group(int(tally[1]), tuple(map(_name, tally[2].split())))
        match what:
            case ["matched"]:
                self.matched = group.count
            case ["status", kind, status]:
                self._status(kind, status, group)
            case ["group", name]:
                self.groups[name] = group
            case ["own", first, *more]:
                self._override((first, *more), group)
            case ["forward", way, domain]:
                self.forwards.setdefault(way, {})[domain.lower()] = group
            case _:
                self._census(what, group)

    def _census(self, what: list[str], group: Group) -> None:
        match what:
            case ["factor", enrolled]:
                self.second_factor += group.count * (enrolled == "yes")
            case ["cos", place]:
                self.coses[place] = group.count
            case ["logon", "last", month]:
                self.last_logon[month] = group
            case ["logon", "never", month]:
                self.never[month] = group
            case _:
                raise Unreadable(f"accounts: not a tally: {what[0][:60]!r}")

    def _status(self, kind: str, status: str, group: Group) -> None:
        self.statuses[f"{kind} {status}"] = group.count
        if kind == "guest":
            self.groups["guest"] = _joined(self.groups.get("guest"), group)
        if status in _FLAGS and kind in ("user", "guest"):
            self.groups[status] = _joined(self.groups.get(status), group)

    def _override(self, lines: tuple[str, ...], group: Group) -> None:
        record = next(iter(ldif.records(("dn: own", *lines))))
        for attribute in OVERRIDES:
            values = record.values.get(attribute.lower())
            if values:
                found = self.overrides.setdefault(attribute, {})
                found["\n".join(sorted(values))] = group

    def record(self, record: ldif.Record) -> None:
        """Take an administrator, or a filter script."""
        if record.dn != "script":
            self.admins.append(_admin(record))
            return
        found = self.forwards.setdefault("filter", {})
        script = record.one("zimbraMailSieveScript")
        targets = {address.rpartition("@")[2] for address in _REDIRECTS.findall(script)}
        for domain in sorted(target.lower() for target in targets):
            one = Group(1, (record.one("name"),))
            found[domain] = _joined(found.get(domain), one)

    def accounts(self) -> Accounts:
        """Return everything, in a stable order."""
        if self.matched is None:
            raise Unreadable("accounts: the answer has no end")
        census = Census(
            _sorted(self.statuses),
            _sorted(self.coses),
            self.second_factor,
            _sorted(self.last_logon),
            _sorted(self.never),
        )
        overrides = {a: _sorted(found) for a, found in self.overrides.items()}
        forwards = {way: _sorted(found) for way, found in self.forwards.items()}
        return Accounts(
            self.matched,
            tuple(self.admins),
            _sorted(self.groups),
            _sorted(overrides),
            _sorted(forwards),
            census,
        )


def _sorted(found: Mapping[str, T]) -> dict[str, T]:
    return dict(sorted(found.items()))


def _name(word: str) -> str:
    """Return an address; a colon before it means base64."""
    return ldif.decoded(word[1:]) if word.startswith(":") else word


def _joined(one: Group | None, other: Group) -> Group:
    if one is None:
        return other
    names = tuple(dict.fromkeys((*one.names, *other.names)))
    return Group(one.count + other.count, names[:_NAMES])


def _admin(record: ldif.Record) -> Admin:
    return Admin(
        name=record.one("zimbraMailDeliveryAddress") or record.dn,
        status=record.one("zimbraAccountStatus"),
        delegated=record.one("zimbraIsAdminAccount") != "TRUE",
        last_logon=record.one("zimbraLastLogonTimestamp"),
        created=record.one("zimbraCreateTimestamp"),
        cos=record.one("zimbraCOSId"),
        two_factor=record.one("zimbraTwoFactorAuthEnabled") == "TRUE",
        forwards=any(name.lower() in record.values for name in _FORWARDS),
        by_domain=record.one("zimbraIsDomainAdminAccount") == "TRUE",
        own={
            name: record.values[name.lower()]
            for name in OVERRIDES
            if name.lower() in record.values
        },
    )


def _text(lines: Iterator[str]) -> str:
    tallies = _Tallies()

    def records() -> Iterator[str]:
        for line in lines:
            if line.startswith("+"):
                tallies.add(line)
            else:
                yield line

    for record in ldif.records(records()):
        tallies.record(record)
    return msgspec.json.encode(tallies.accounts()).decode()


def reduce(lines: Iterable[str]) -> str:
    """Turn the program's lines into the JSON of an Accounts."""
    try:
        return _text(iter(lines))
    except Unreadable as error:
        return str(error)  # which parse refuses, whatever it says


def parse(answer: str) -> Accounts:
    """Read the stored JSON."""
    try:
        return msgspec.json.decode(answer, type=Accounts)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Unreadable(f"accounts: {answer[:80]!r}: {error}") from error


ACCOUNTS = Source(
    name="ldap-accounts",
    about="Administrators, own settings, forwards, guests, and counts of accounts.",
    question=Snippet(PROGRAM, seconds=600),
    parse=parse,
    reduce=reduce,
    directory=True,
)
