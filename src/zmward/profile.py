"""What the site wants: its networks, services, thresholds, waivers, attestations."""

import ipaddress
from base64 import b64decode
from collections.abc import Mapping
from datetime import date, tzinfo
from datetime import time as clock
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from zmward.backup_places import Backups
from zmward.catalog.advisories import Release
from zmward.strict import Strict

Kind = Literal["small", "isp", "university"]
Use = Literal["wanted", "unwanted", "unsaid"]
Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]
# As Zimbra takes it, and never 0.
Duration = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,5}[smhd]$")]


class Networks(Strict, frozen=True):
    """Who is where, as CIDR networks of both families."""

    admins: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    relays: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    monitoring: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        for name in self.__struct_fields__:
            for network in getattr(self, name):
                ipaddress.ip_network(network)


class Services(Strict, frozen=True):
    """Which functions the site's users need; a wanted one is not nagged about."""

    imap: Use = "unsaid"
    pop: Use = "unsaid"
    smtp_auth: Use = "unsaid"
    sharing: Use = "unsaid"
    external_sharing: Use = "unsaid"
    public_sharing: Use = "unsaid"
    external_sources: Use = "unsaid"
    active_sync: Use = "unsaid"
    ews: Use = "unsaid"
    forwarding: Use = "unsaid"
    two_factor: Use = "unsaid"
    search_engines: Use = "unsaid"
    classic_client: Use = "unsaid"
    ssh_passwords: Use = "unsaid"
    ipv6: Use = "unsaid"


class Thresholds(Strict, frozen=True):
    """Numbers that decide; each default is explained in docs/reference/profile.md."""

    admin_accounts: Annotated[int, msgspec.Meta(ge=1)] = 5
    stale_admin_days: Days = 90
    stale_account_days: Days = 365
    certificate_days: Days = 30
    password_length: Annotated[int, msgspec.Meta(ge=6, le=128)] = 12
    admin_password_length: Annotated[int, msgspec.Meta(ge=8, le=128)] = 16
    session: Duration = "2d"
    admin_session: Duration = "12h"
    idle: Duration = "8h"
    backup_hours: Annotated[int, msgspec.Meta(ge=1)] = 26
    drill_days: Days = 180
    document_days: Days = 180
    document_lag_days: Days = 30
    clock_offset_ms: Annotated[int, msgspec.Meta(ge=1)] = 1000
    two_factor_coverage: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    integrity_days: Days = 8
    log_days: Days = 30
    log_arrival_days: Days = 35


Zone = Literal["internet", "clients", "admin", "monitoring", "cluster", "balancers"]
# New connections of one source; an empty text sets no limit.
Rate = Annotated[
    str, msgspec.Meta(pattern=r"^([1-9][0-9]{0,3}/(second|minute|hour))?$")
]
# A port, or a range of them.
Ports = int | Annotated[str, msgspec.Meta(pattern=r"^([0-9]{1,5}(-[0-9]{1,5})?)?$")]
ZONES = frozenset(get_args(Zone))
_LAST_PORT = 65_535


def _span(port: int | str) -> tuple[int, int] | None:
    """Return a port as first and last number; None for an empty text."""
    if port == "":
        return None
    first, dash, last = str(port).partition("-")
    low, high = int(first), int(last) if dash else int(first)
    if not 0 < low <= high <= _LAST_PORT:
        raise ValueError(f"{port!r} is no port and no range of ports")
    return low, high


def _places(words: tuple[str, ...]) -> None:
    """Refuse what is neither a zone nor a network."""
    for word in words:
        if word not in ZONES:
            ipaddress.ip_network(word)


class Allow(Strict, frozen=True):
    """An extra opening: by the catalog's name, or by port and protocol."""

    from_: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = msgspec.field(
        name="from"
    )
    why: Annotated[str, msgspec.Meta(min_length=1)]
    name: str = ""
    port: Ports = ""
    protocol: str = "tcp"

    def __post_init__(self) -> None:
        """Refuse ports, zones and networks that are none."""
        _span(self.port)
        _places(self.from_)

    @property
    def span(self) -> tuple[int, int] | None:
        """Return the ports as first and last, None where none are named."""
        return _span(self.port)


class Refuse(Strict, frozen=True):
    """Something that listens and stays closed on purpose, to all or only to some.

    With `from`, whoever else is let in stays so.
    """

    why: Annotated[str, msgspec.Meta(min_length=1)]
    name: str = ""
    port: Ports = ""
    protocol: str = "tcp"
    from_: tuple[str, ...] = msgspec.field(default=(), name="from")

    def __post_init__(self) -> None:
        """Refuse ports, zones and networks that are none."""
        _span(self.port)
        _places(self.from_)

    @property
    def span(self) -> tuple[int, int] | None:
        """Return the ports as first and last, None where none are named."""
        return _span(self.port)


class Firewall(Strict, frozen=True):
    """What the whitelist adds to what the servers themselves say."""

    cluster: tuple[str, ...] = ()
    virtual_addresses: tuple[str, ...] = ()
    ssh_rate: Rate = "20/minute"
    smtp_rate: Rate = "300/minute"
    bans: Annotated[int, msgspec.Meta(ge=1024, le=4_194_304)] = 131_072
    services: Mapping[str, tuple[Zone, ...]] = {}
    allow: tuple[Allow, ...] = ()
    refuse: tuple[Refuse, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        for network in (*self.cluster, *self.virtual_addresses):
            ipaddress.ip_network(network)


class Scan(Strict, frozen=True):
    """Whom `zmward scan` may look at without being told each time, and their names."""

    hosts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    dkim_selectors: tuple[str, ...] = ()
    blocklists: tuple[str, ...] = ()
    rate: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 2000


Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
# A time of day, to the minute.
Hour = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_KEY_BYTES = 32


class Window(Strict, frozen=True):
    """The monthly maintenance window; the fifth weekday of a month means the last."""

    weekday: Weekday = "Sat"
    nth: Annotated[int, msgspec.Meta(ge=1, le=5)] = 3
    time: Hour = "22:00"

    @property
    def begins(self) -> clock:
        """Return the hour at which it begins."""
        return clock.fromisoformat(self.time)


class Patches(Strict, frozen=True):
    """The site's calendar, by which holes are due, and whose catalogs it believes."""

    time_zone: str = "UTC"
    working_days: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1)] = (
        *("Mon", "Tue", "Wed", "Thu", "Fri"),
    )
    business_day_ends: Hour = "17:00"
    maintenance_window: Window = Window()
    holidays: tuple[date, ...] = ()
    catalog_days: Days = 45
    catalog_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse zones and keys that are none."""
        _ = self.zone
        for key in self.catalog_keys:
            if len(b64decode(key, validate=True)) != _KEY_BYTES:
                raise ValueError(f"{key!r} is no ed25519 public key in base64")

    @property
    def zone(self) -> tzinfo:
        """Return the time zone."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"{self.time_zone!r} is no time zone: write one as Europe/Rome"
            ) from error

    @property
    def end_of_day(self) -> clock:
        """Return when the business day ends."""
        return clock.fromisoformat(self.business_day_ends)


class Logs(Strict, frozen=True):
    """When `zmward logs` calls failed logins an attack; numbers are of one day."""

    failures: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 10
    window_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 10
    accounts_per_source: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 5
    sources_per_account: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 5
    unknown_accounts: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 5
    success_after: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5
    failures_in_an_hour: Annotated[int, msgspec.Meta(ge=10, le=1_000_000)] = 300
    networks_at_once: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 4
    at_once_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 10
    sent_in_a_day: Annotated[int, msgspec.Meta(ge=10, le=1_000_000)] = 200
    sent_times: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 3
    unknown_recipients: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 20
    refused_preauths: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 10
    usable_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = 95
    trusted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        for network in self.trusted:
            ipaddress.ip_network(network)


class Bans(Strict, frozen=True):
    """When the jails that zmward writes ban an address, for how long, and whom never.

    Whoever is banned so often within some hours is banned for days.
    """

    failures: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 5
    window_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 10
    ban_minutes: Annotated[int, msgspec.Meta(ge=1, le=43_200)] = 60
    recidive_bans: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 3
    recidive_hours: Annotated[int, msgspec.Meta(ge=1, le=720)] = 24
    recidive_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 7
    network_addresses: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 4
    spared: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        for network in self.spared:
            ipaddress.ip_network(network)


class Integrity(Strict, frozen=True):
    """Whose baselines of the installation are believed."""

    keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse keys that are none."""
        for key in self.keys:
            if len(b64decode(key, validate=True)) != _KEY_BYTES:
                raise ValueError(f"{key!r} is no ed25519 public key in base64")


class Waiver(Strict, frozen=True):
    """A failure that somebody accepts, until the end of a day (UTC, inclusive)."""

    control: str
    reason: Annotated[str, msgspec.Meta(min_length=1)]
    approver: Annotated[str, msgspec.Meta(min_length=1)]
    until: date
    ticket: str = ""
    scope: tuple[str, ...] = ()


class Attestation(Strict, frozen=True):
    """What no host can see, as somebody states it, until the end of a day (UTC).

    A word on a hole names the `build` of Zimbra from which on it holds in its line.
    """

    subject: str
    by: Annotated[str, msgspec.Meta(min_length=1)]
    on: date
    until: date
    note: str = ""
    build: Release = ""

    def __post_init__(self) -> None:
        """Refuse a build where it would mean nothing."""
        if self.build and not self.subject.startswith("hole-"):
            raise ValueError(f"only a word on a hole has a build, not {self.subject}")


class Profile(Strict, frozen=True):
    """The whole profile; an empty file is a valid one."""

    kind: Kind = "small"
    networks: Networks = Networks()
    services: Services = Services()
    thresholds: Thresholds = Thresholds()
    firewall: Firewall = Firewall()
    scan: Scan = Scan()
    patches: Patches = Patches()
    logs: Logs = Logs()
    bans: Bans = Bans()
    backups: Backups = Backups()
    integrity: Integrity = Integrity()
    severity: Mapping[str, Literal["critical", "high", "medium", "low"]] = {}
    waiver: tuple[Waiver, ...] = ()
    attestation: tuple[Attestation, ...] = ()

    def attested(self, subject: str, today: date) -> Attestation | None:
        """Return the attestation of a subject that is in force, newest first."""
        return next(iter(self.words(subject, today)), None)

    def words(self, subject: str, today: date) -> tuple[Attestation, ...]:
        """Return all attestations of a subject that are in force, newest first."""
        valid = (
            a
            for a in self.attestation
            if a.subject == subject and a.on <= today <= a.until
        )
        return tuple(sorted(valid, key=lambda a: a.until, reverse=True))
