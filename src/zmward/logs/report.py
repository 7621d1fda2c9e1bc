"""The report on logs: who attacked whom, who got in, and what could not be seen."""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final

import msgspec

from zmward.catalog.log_attackers import ATTACKERS
from zmward.catalog.log_indicators import INDICATORS
from zmward.logs.party import Party
from zmward.logs.seen import (
    AccountSeen,
    DomainSeen,
    FloodSeen,
    LineSeen,
    LoginSeen,
    NetworkSeen,
    OriginIp,
    RecipientsSeen,
    SendingSeen,
    SessionSeen,
    Shown,
    SignSeen,
    SourceSeen,
    WinSeen,
)
from zmward.logs.tally import Tally
from zmward.logs.verdicts import (
    VERDICTS,
    of_account,
    of_preauth,
    of_recipients,
    of_sending,
    of_source,
    wins,
)
from zmward.profile import Logs

_SHOWN, _ENOUGH = 1000, 20
_GRAVITY: Final = {word: number for number, word in enumerate(VERDICTS)}
_MAIL = frozenset(("imap", "pop3"))
_FORGOTTEN = (
    "{count} sources and accounts that did least were dropped: there were more than "
    "fit in memory"
)


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
    impossible_sessions: tuple[SessionSeen, ...]
    sending: tuple[SendingSeen, ...]
    recipients: tuple[RecipientsSeen, ...]
    floods: tuple[FloodSeen, ...]
    flooded_proxies: tuple[str, ...]
    preauth: tuple[DomainSeen, ...]
    origin_ip: OriginIp
    indicators: tuple[SignSeen, ...]
    files: tuple[str, ...]
    notes: tuple[str, ...]
    evidence: tuple[LineSeen, ...] = ()


# A source or account, what it did or suffered, and what that amounts to.
_Judged = tuple[str, Party, str]


class _Writer:
    """Turns a tally into a report, with times of one zone."""

    def __init__(self, tally: Tally, logs: Logs, zone: tzinfo) -> None:
        self._tally, self._logs, self._zone = tally, logs, zone
        self._wins = wins(tally, logs)
        self._sources = frozenset(win.source for win in self._wins)
        self._accounts = frozenset(win.account for win in self._wins)

    def time(self, when: float) -> str:
        return datetime.fromtimestamp(when, self._zone).isoformat(timespec="seconds")

    def _source(self, address: str, party: Party, verdict: str) -> SourceSeen:
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
            verdict=verdict,
            campaign=ATTACKERS.get(address, ""),
        )

    def judged(self) -> list[_Judged]:
        """Return all sources, the gravest first; of many the fewest are shown."""
        found = [
            (
                *(name, party),
                of_source(
                    party,
                    self._logs,
                    won=name in self._sources,
                    known=name in ATTACKERS,
                ),
            )
            for name, party in self._tally.sources.items()
        ]
        return sorted(found, key=_gravity)

    def sources(self, judged: Iterable[_Judged]) -> tuple[SourceSeen, ...]:
        return tuple(self._source(*one) for one in judged)

    def _account(self, name: str, party: Party, verdict: str) -> AccountSeen:
        return AccountSeen(
            account=name,
            failures=party.failures,
            sources=len(party.others),
            lockouts=party.locked,
            protocols=tuple(sorted(party.protocols)),
            first=self.time(party.first),
            last=self.time(party.last),
            verdict=verdict,
        )

    def accounts(self) -> tuple[AccountSeen, ...]:
        """Return the accounts that suffered most."""
        judged = [
            (*(name, party), of_account(party, self._logs, won=name in self._accounts))
            for name, party in self._tally.accounts.items()
        ]
        shown = sorted(judged, key=_gravity)[:_SHOWN]
        return tuple(self._account(*one) for one in shown)

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

    def sessions(self) -> tuple[SessionSeen, ...]:
        found = sorted(self._tally.sessions.found.values(), key=lambda o: -o.networks)
        return tuple(
            SessionSeen(
                account=one.account,
                networks=one.networks,
                minutes=self._logs.at_once_minutes,
                logins=tuple(
                    LoginSeen(self.time(at.when), at.source, at.network, at.protocol)
                    for at in one.logins
                ),
            )
            for one in found[:_SHOWN]
        )

    def sending(self) -> tuple[SendingSeen, ...]:
        found = sorted(
            self._tally.sending.much(), key=lambda o: (not o.before, -o.sent)
        )
        return tuple(
            SendingSeen(
                account=one.account,
                day=datetime.fromtimestamp(one.day, UTC).date().isoformat(),
                sent=one.sent,
                usual=one.usual,
                days_before=one.before,
                busiest_hour=self.time(one.hour),
                in_busiest_hour=one.in_hour,
                sources=one.sources,
                verdict=of_sending(one),
            )
            for one in found[:_SHOWN]
        )

    def recipients(self) -> tuple[RecipientsSeen, ...]:
        seen = [
            RecipientsSeen(
                *(address, party.failures, party.widest),
                first=self.time(party.first),
                last=self.time(party.last),
                verdict=of_recipients(party, self._logs),
            )
            for address, party in self._tally.recipients.items()
        ]
        seen.sort(key=lambda one: (one.verdict == "few", -one.refused))
        return tuple(seen[:_SHOWN])

    def floods(self) -> tuple[FloodSeen, ...]:
        seen = [
            FloodSeen(
                *(address, party.failures),
                first=self.time(party.first),
                last=self.time(party.last),
            )
            for address, party in self._tally.floods.items()
        ]
        seen.sort(key=lambda one: -one.stopped)
        return tuple(seen[:_SHOWN])

    def preauth(self) -> tuple[DomainSeen, ...]:
        good, bad = self._tally.preauth, self._tally.preauth_failures
        names = sorted(good.keys() | bad.keys(), key=lambda one: (-bad[one], one))
        blind = self._tally.preauth_blind
        return tuple(
            DomainSeen(
                *(one, good[one], bad[one], blind[one]),
                verdict=of_preauth(bad[one], self._logs),
            )
            for one in names
        )

    def origin(self) -> OriginIp:
        logs, tally = self._logs, self._tally
        each = [_shown(name, ways, logs) for name, ways in sorted(tally.via.items())]
        whole = _shown("", sum(tally.via.values(), Counter()), logs)
        # A protocol that hides is not made up for by others that do not.
        amiss = [one for one in each if one.verdict == "bad" and _all(one) >= _ENOUGH]
        return OriginIp(
            usable=whole.usable,
            proxy_only=whole.proxy_only,
            absent=whole.absent,
            verdict="bad" if amiss else whole.verdict,
            protocols=tuple(each),
            hiding=_hiding(tally, mail=False),
            hiding_mail=_hiding(tally, mail=True),
            announcing=tuple(name for name, _ in tally.announcing.most_common(10)),
        )

    def hours(self) -> tuple[tuple[str, int], ...]:
        found = sorted(self._tally.hours.items())
        return tuple((self.time(hour * 3600), count) for hour, count in found)


def _gravity(judged: _Judged) -> tuple[int, int]:
    _, party, verdict = judged
    return _GRAVITY[verdict], -party.failures


def _all(one: Shown) -> int:
    return one.usable + one.proxy_only + one.absent


def _shown(name: str, ways: Counter[str], logs: Logs) -> Shown:
    usable = ways["direct"] + ways["proxy"]
    total = ways.total()
    good = usable * 100 >= logs.usable_percent * total
    verdict = "unknown" if not total else "ok" if good else "bad"
    return Shown(name, usable, ways["proxy-only"], ways["none"], verdict)


def _hiding(tally: Tally, *, mail: bool) -> tuple[str, ...]:
    """Return who hides clients, for the protocols whose clients a proxy announces."""
    some = tally.hiding.most_common()
    names = [name for (name, protocol), _ in some if (protocol in _MAIL) is mail]
    return tuple(dict.fromkeys(names))[:10]


def _network(address: str) -> str:
    """Return the network of an address that was read as one."""
    if ":" in address:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return f"{address.rpartition('.')[0]}.0/24"


def _networks(sources: Iterable[_Judged]) -> tuple[NetworkSeen, ...]:
    """Return the networks of the sources, those with most failures first."""
    failures: Counter[str] = Counter()
    addresses: Counter[str] = Counter()
    for address, party, _ in sources:
        network = _network(address)
        failures[network] += party.failures
        addresses[network] += 1
    return tuple(
        NetworkSeen(name, count, addresses[name])
        for name, count in failures.most_common(_SHOWN)
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
    sources = writer.judged()
    kept = tuple(notes)
    forgotten = tally.forgotten + tally.sessions.forgotten + tally.sending.forgotten
    if forgotten:
        kept += (_FORGOTTEN.format(count=forgotten),)
    twice = min(tally.smtp_logins["audit"], tally.smtp_logins["syslog"])
    return LogReport(
        since=writer.time(tally.first) if tally.first else None,
        until=writer.time(tally.last) if tally.last else None,
        lines=counts[0],
        candidates=counts[1],
        unparsed=counts[2],
        failures=tally.protocols.total(),
        successes=tally.kinds["success"] - twice,
        kinds=dict(sorted(tally.kinds.items())),
        protocols=dict(tally.protocols.most_common()),
        hours=writer.hours(),
        hours_attacked=sum(
            count >= logs.failures_in_an_hour for count in tally.hours.values()
        ),
        sources=writer.sources(sources[:_SHOWN]),
        sources_seen=len(sources),
        networks=_networks(sources),
        accounts=writer.accounts(),
        accounts_seen=len(tally.accounts),
        successes_after_failures=writer.wins(),
        impossible_sessions=writer.sessions(),
        sending=writer.sending(),
        recipients=writer.recipients(),
        floods=writer.floods(),
        flooded_proxies=tuple(name for name, _ in tally.flooded_peers.most_common(10)),
        preauth=writer.preauth(),
        origin_ip=writer.origin(),
        indicators=writer.signs(),
        files=tuple(files),
        notes=kept,
    )
