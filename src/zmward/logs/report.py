"""The report on logs: who attacked whom, who got in, and what could not be seen."""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

import msgspec

from zmward.catalog.log_indicators import INDICATORS
from zmward.logs.tally import Party, Tally
from zmward.logs.verdicts import VERDICTS, of_account, of_source, wins
from zmward.profile import Logs

_SHOWN = 1000
_FORGOTTEN = (
    "{count} sources and accounts with the fewest failures were dropped: there were "
    "more than fit in memory"
)


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


class AccountSeen(msgspec.Struct, frozen=True):
    """An account whose logins failed."""

    account: str
    failures: int
    sources: int
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


class OriginIp(msgspec.Struct, frozen=True):
    """Whether logins at mailboxd show whom they came from."""

    usable: int
    proxy_only: int
    absent: int
    verdict: str
    hiding: tuple[str, ...]
    announcing: tuple[str, ...]


class LogReport(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """All that the logs told."""

    since: str | None
    until: str | None
    lines: int
    candidates: int
    unparsed: int
    failures: int
    successes: int
    kinds: Mapping[str, int]
    protocols: Mapping[str, int]
    hours: tuple[tuple[str, int], ...]
    hours_attacked: int
    sources: tuple[SourceSeen, ...]
    sources_seen: int
    networks: tuple[NetworkSeen, ...]
    accounts: tuple[AccountSeen, ...]
    accounts_seen: int
    successes_after_failures: tuple[WinSeen, ...]
    preauth: tuple[DomainSeen, ...]
    origin_ip: OriginIp
    indicators: tuple[SignSeen, ...]
    files: tuple[str, ...]
    notes: tuple[str, ...]


class _Writer:
    """Turns a tally into a report, with times of one zone."""

    def __init__(self, tally: Tally, logs: Logs, zone: tzinfo) -> None:
        self._tally, self._logs, self._zone = tally, logs, zone
        self._wins = wins(tally, logs)
        self._sources = frozenset(win.source for win in self._wins)
        self._accounts = frozenset(win.account for win in self._wins)

    def time(self, when: float) -> str:
        return datetime.fromtimestamp(when, self._zone).isoformat(timespec="seconds")

    def _source(self, address: str, party: Party) -> SourceSeen:
        won = address in self._sources
        return SourceSeen(
            address=address,
            failures=party.failures,
            accounts=len(party.others),
            unknown=party.unknown,
            successes=party.successes,
            probes=party.probes,
            protocols=tuple(sorted(party.protocols)),
            first=self.time(party.first),
            last=self.time(party.last),
            verdict=of_source(party, self._logs, won=won),
        )

    def sources(self) -> tuple[SourceSeen, ...]:
        seen = [self._source(*one) for one in self._tally.sources.items()]
        seen.sort(key=lambda one: (VERDICTS.index(one.verdict), -one.failures))
        return tuple(seen)

    def accounts(self) -> tuple[AccountSeen, ...]:
        seen = [
            AccountSeen(
                account=name,
                failures=party.failures,
                sources=len(party.others),
                protocols=tuple(sorted(party.protocols)),
                first=self.time(party.first),
                last=self.time(party.last),
                verdict=of_account(party, self._logs, won=name in self._accounts),
            )
            for name, party in self._tally.accounts.items()
        ]
        seen.sort(key=lambda one: (VERDICTS.index(one.verdict), -one.failures))
        return tuple(seen)

    def wins(self) -> tuple[WinSeen, ...]:
        return tuple(
            WinSeen(
                *(one.account, one.source, self.time(one.when), one.failures),
                one.protocol,
            )
            for one in self._wins
        )

    def signs(self) -> tuple[SignSeen, ...]:
        return tuple(
            SignSeen(
                *(row.id, row.cve, row.says, log, sign.count),
                first=self.time(sign.first),
                line=line,
            )
            for row in INDICATORS
            if (sign := self._tally.signs.get(row.id))
            for log, line in sign.lines
        )

    def preauth(self) -> tuple[DomainSeen, ...]:
        good, bad = self._tally.preauth, self._tally.preauth_failures
        names = sorted(good.keys() | bad.keys(), key=lambda one: (-bad[one], one))
        return tuple(DomainSeen(one, good[one], bad[one]) for one in names)

    def origin(self) -> OriginIp:
        via = self._tally.via
        usable, hidden = via["direct"] + via["proxy"], via["proxy-only"]
        absent = via["none"]
        total = usable + hidden + absent
        good = usable * 100 >= self._logs.usable_percent * total
        return OriginIp(
            usable=usable,
            proxy_only=hidden,
            absent=absent,
            verdict="unknown" if not total else "ok" if good else "bad",
            hiding=tuple(name for name, _ in self._tally.hiding.most_common(10)),
            announcing=tuple(
                name for name, _ in self._tally.announcing.most_common(10)
            ),
        )

    def hours(self) -> tuple[tuple[str, int], ...]:
        found = sorted(self._tally.hours.items())
        return tuple((self.time(hour * 3600), count) for hour, count in found)


def networks(sources: Iterable[SourceSeen]) -> tuple[NetworkSeen, ...]:
    """Return the networks of the sources, those with most failures first."""
    failures: Counter[str] = Counter()
    addresses: Counter[str] = Counter()
    for source in sources:
        length = 64 if ":" in source.address else 24
        network = str(ipaddress.ip_network(f"{source.address}/{length}", strict=False))
        failures[network] += source.failures
        addresses[network] += 1
    return tuple(
        NetworkSeen(name, count, addresses[name])
        for name, count in failures.most_common()
        if count
    )


def report(
    tally: Tally,
    logs: Logs,
    zone: tzinfo,
    *,
    counts: tuple[int, int, int],
    files: Iterable[str],
    notes: Iterable[str],
) -> LogReport:
    """Return the report on what was counted; long lists keep their gravest."""
    writer = _Writer(tally, logs, zone)
    sources, accounts = writer.sources(), writer.accounts()
    kept = tuple(notes)
    if tally.forgotten:
        kept += (_FORGOTTEN.format(count=tally.forgotten),)
    return LogReport(
        since=writer.time(tally.first) if tally.first else None,
        until=writer.time(tally.last) if tally.last else None,
        lines=counts[0],
        candidates=counts[1],
        unparsed=counts[2],
        failures=tally.protocols.total(),
        successes=tally.kinds["success"],
        kinds=dict(sorted(tally.kinds.items())),
        protocols=dict(tally.protocols.most_common()),
        hours=writer.hours(),
        hours_attacked=sum(
            count >= logs.failures_in_an_hour for count in tally.hours.values()
        ),
        sources=sources[:_SHOWN],
        sources_seen=len(sources),
        networks=networks(sources)[:_SHOWN],
        accounts=accounts[:_SHOWN],
        accounts_seen=len(accounts),
        successes_after_failures=writer.wins(),
        preauth=writer.preauth(),
        origin_ip=writer.origin(),
        indicators=writer.signs(),
        files=tuple(files),
        notes=kept,
    )
