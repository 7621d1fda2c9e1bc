"""What a report on logs is made of: sources, accounts, networks, and what they did."""

import msgspec


class SourceSeen(msgspec.Struct, frozen=True):
    """An address that logins failed from."""

    address: str
    failures: int
    accounts: int
    unknown: int
    successes: int
    probes: int
    protocols: tuple[str, ...]
    first: str
    last: str
    verdict: str
    campaign: str


class AccountSeen(msgspec.Struct, frozen=True):
    """An account whose logins failed."""

    account: str
    failures: int
    sources: int
    lockouts: int
    protocols: tuple[str, ...]
    first: str
    last: str
    verdict: str


class NetworkSeen(msgspec.Struct, frozen=True):
    """A /24 of IPv4 or a /64 of IPv6 that logins failed from."""

    network: str
    failures: int
    sources: int


class WinSeen(msgspec.Struct, frozen=True):
    """A login that worked after failures of the same source at the same account."""

    account: str
    source: str
    when: str
    failures: int
    protocol: str


class SignSeen(msgspec.Struct, frozen=True):
    """A line that shows a known exploitation, or a try of one."""

    id: str
    cve: str
    says: str
    log: str
    count: int
    first: str
    line: str


class DomainSeen(msgspec.Struct, frozen=True):
    """Pre-authentications of one domain; their lines have no origin."""

    domain: str
    accepted: int
    refused: int
    without_origin: int
    verdict: str


class Shown(msgspec.Struct, frozen=True):
    """How the logins of one protocol show whom they came from."""

    protocol: str
    usable: int
    proxy_only: int
    absent: int
    verdict: str


class OriginIp(msgspec.Struct, frozen=True):
    """Whether logins at mailboxd show whom they came from."""

    usable: int
    proxy_only: int
    absent: int
    verdict: str
    protocols: tuple[Shown, ...]
    hiding: tuple[str, ...]
    hiding_mail: tuple[str, ...]
    announcing: tuple[str, ...]


class LoginSeen(msgspec.Struct, frozen=True):
    """A good login."""

    when: str
    source: str
    network: str
    protocol: str


class SessionSeen(msgspec.Struct, frozen=True):
    """Good logins of one account from many networks within a few minutes."""

    account: str
    networks: int
    minutes: int
    logins: tuple[LoginSeen, ...]


class SendingSeen(msgspec.Struct, frozen=True):
    """An account's day of very many messages through the MTA."""

    account: str
    day: str
    sent: int
    usual: int
    days_before: int
    busiest_hour: str
    in_busiest_hour: int
    sources: int
    verdict: str


class RecipientsSeen(msgspec.Struct, frozen=True):
    """A source that asked for recipients that do not exist."""

    address: str
    refused: int
    in_a_day: int
    first: str
    last: str
    verdict: str


class FloodSeen(msgspec.Struct, frozen=True):
    """An address that the web server's flood filter slowed or refused."""

    address: str
    stopped: int
    first: str
    last: str


class LineSeen(msgspec.Struct, frozen=True):
    """A line that shows a finding."""

    about: str
    log: str
    line: str
