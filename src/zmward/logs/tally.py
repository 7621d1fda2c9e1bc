"""Events counted by source, account, protocol and time, in bounded memory.

What an attacker can make many of (addresses, names) is kept in tables of fixed size:
the least of them go first, and the report says that some went.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import TypeVar

import msgspec

from zmward.catalog.log_attackers import ATTACKERS
from zmward.logs.event import LONGEST_NAME, Event, Row, row
from zmward.logs.party import Burst, Party
from zmward.logs.sending import Sending
from zmward.logs.sessions import Sessions
from zmward.profile import Logs

_HOUR = 3600
_SOURCES, _ACCOUNTS, _PAIRS = 20_000, 20_000, 150_000
_HOURS, _DOMAINS, _LINES, _WINS, _PEERS = 20_000, 2000, 3, 50, 100
_SORTS = 5000
_FAILED = frozenset(("failure", "unknown", "denied", "preauth-failure"))
# Whose lines are not of a login that should show its client.
_BLIND = frozenset(("smtp", "preauth", "mail"))
_MAILBOXD = frozenset(("audit", "mailbox"))

T = TypeVar("T")


class Win(msgspec.Struct, frozen=True):
    """A success after failures: who, from where, when, after how many."""

    account: str
    source: str
    when: float
    failures: int
    protocol: str


class Sign(msgspec.Struct):
    """A sign of exploitation: its row, how often, and its first lines."""

    count: int
    first: float
    lines: list[tuple[str, str]]


class _Sort:
    """What events of one sort have in common, how many there were, how they count."""

    __slots__ = ("count", "handle", "shown", "unknown", "what")

    def __init__(self, what: Event, handle: "_Handle") -> None:
        self.what = what
        self.count = 0
        self.handle = handle
        self.unknown = int(what.kind == "unknown")
        # Whether it is of a login that should show its client.
        self.shown = what.log in _MAILBOXD and what.protocol not in _BLIND


_Handle = Callable[[_Sort, float, str, str], None]


class Tally:
    """All that a report is made of."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._burst = Burst(logs.failures, logs.window_minutes * 60)
        self.sources: dict[str, Party] = {}
        self.accounts: dict[str, Party] = {}
        self._pairs = 0
        self.forgotten = 0
        self.first = self.last = 0.0
        self.kinds: Counter[str] = Counter()
        self.protocols: Counter[str] = Counter()
        self.hours: Counter[int] = Counter()
        # How logins of mailboxd show their client, by protocol.
        self.via: dict[str, Counter[str]] = {}
        self.preauth: Counter[str] = Counter()
        self.preauth_failures: Counter[str] = Counter()
        self.preauth_blind: Counter[str] = Counter()
        # Who asked for recipients that do not exist, and whom the flood filter stopped.
        self.recipients: dict[str, Party] = {}
        self.floods: dict[str, Party] = {}
        self.flooded_peers: Counter[str] = Counter()
        # A good login at the MTA stands in its own log and in audit.log.
        self.smtp_logins: Counter[str] = Counter()
        self.sessions = Sessions(logs)
        self.sending = Sending(logs)
        self._handlers: Mapping[str, _Handle] = {
            **dict.fromkeys(_FAILED, self._failure),
            "preauth-failure": self._preauth_failure,
            "success": self._success,
            "preauth": self._preauth,
            "recipient": self._recipient,
            "flood": self._flood,
            "lockout": self._lockout,
            "probe": self._probe,
        }
        self.hiding: Counter[tuple[str, str]] = Counter()
        self.announcing: Counter[str] = Counter()
        self.wins: list[Win] = []
        self.signs: dict[str, Sign] = {}
        # By the identity of what they have in common, which is kept with them.
        self._sorts: dict[int, _Sort] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Count events."""
        for event in events:
            self.rows((row(event),))
            self.fold()

    def rows(self, rows: Iterable[Row]) -> None:
        """Count events as rows; how many there were shows once they are folded."""
        sorts = self._sorts
        first, last = self.first or math.inf, self.last
        for when, what, source, account, _ in rows:
            one = sorts.get(id(what))
            if one is None:
                if what.kind == "indicator":
                    self._sign(when, what)
                    continue
                one = self._sort(what)
                first = min(first, when)
            one.count += 1
            if when > last:
                last = when
            elif when < first:
                first = when
            one.handle(one, when, source, account)
        self.first, self.last = 0.0 if first == math.inf else first, last

    def _sort(self, what: Event) -> _Sort:
        """Find out how events are counted that are met for the first time."""
        if len(self._sorts) >= _SORTS:
            self.fold()
        handle = self._handlers.get(what.kind, _uncounted)
        one = self._sorts[id(what)] = _Sort(what, handle)
        if not what.half:
            # What is told first stands first among equals.
            if what.kind in _FAILED:
                self.protocols[what.protocol or "unknown"] += 0
            if one.shown and what.peer:
                one.handle = self._between
        return one

    def fold(self) -> None:
        """Sum up what events have in common."""
        for one in self._sorts.values():
            what, count = one.what, one.count
            if what.half:
                continue
            self.kinds[what.kind] += count
            protocol = what.protocol or "unknown"
            if what.kind in _FAILED:
                self.protocols[protocol] += count
            elif what.kind == "success" and protocol == "smtp":
                self.smtp_logins[what.log] += count
            if one.shown:
                self.via.setdefault(protocol, Counter())[what.via] += count
        self._sorts.clear()

    def _between(self, one: _Sort, when: float, source: str, account: str) -> None:
        """Count the machine between: it hides clients, or announces them unasked."""
        what = one.what
        if what.via == "proxy-only":
            self._some(self.hiding, (what.peer, what.protocol or "unknown"))
        else:
            self._some(self.announcing, what.peer)
        self._handlers.get(what.kind, _uncounted)(one, when, source, account)

    def _preauth(self, _one: _Sort, _when: float, source: str, account: str) -> None:
        self._domain(self.preauth, account)
        if not source:
            self._domain(self.preauth_blind, account)

    def _preauth_failure(
        self, one: _Sort, when: float, source: str, account: str
    ) -> None:
        self._domain(self.preauth_failures, account)
        if not source:
            self._domain(self.preauth_blind, account)
        self._failure(one, when, source, account)

    def _lockout(self, one: _Sort, when: float, _source: str, account: str) -> None:
        party = self._party(self.accounts, account, when, _ACCOUNTS)
        party.seen(when, one.what.protocol)
        party.locked += 1

    def _probe(self, one: _Sort, when: float, source: str, _account: str) -> None:
        if source:
            party = self._party(self.sources, source, when, _SOURCES)
            party.seen(when, one.what.protocol)
            party.probes += 1

    def _recipient(self, one: _Sort, when: float, source: str, account: str) -> None:
        """Count a recipient that does not exist; trusted machines pass others' on."""
        if source:
            party = self._party(self.recipients, source, when, _SOURCES)
            party.seen(when, one.what.protocol)
            party.failures += 1
            party.met(account, when, False)  # noqa: FBT003  # it takes no room

    def _flood(self, one: _Sort, when: float, source: str, _account: str) -> None:
        """Count a request that the flood filter stopped."""
        if source:
            party = self._party(self.floods, source, when, _SOURCES)
            party.seen(when, one.what.protocol)
            party.failures += 1
        elif one.what.peer:
            self._some(self.flooded_peers, one.what.peer)

    @staticmethod
    def _some(table: Counter[T], name: T) -> None:
        """Count a name, unless there are too many of them."""
        if name in table or len(table) < _PEERS:
            table[name] += 1

    def _sign(self, when: float, what: Event) -> None:
        known = self.signs.setdefault(what.origin, Sign(0, when, []))
        known.count += 1
        if len(known.lines) < _LINES:
            known.lines.append((what.log, what.line))

    @staticmethod
    def _domain(table: Counter[str], account: str) -> None:
        domain = account.rpartition("@")[2][:LONGEST_NAME]
        if domain in table or len(table) < _DOMAINS:
            table[domain] += 1

    def _party(
        self, table: dict[str, Party], name: str, when: float, most: int
    ) -> Party:
        party = table.get(name)
        if party is None:
            if len(table) >= most:
                self._shrink(table)
            party = table[name] = Party(when)
        return party

    def _shrink(self, table: dict[str, Party]) -> None:
        """Forget the half that did least, the oldest of them first."""
        # Two sorts of plain numbers are quicker than one of pairs.
        last = dict(zip(table, map(attrgetter("last"), table.values()), strict=True))
        names = sorted(table, key=last.__getitem__)
        names.sort(key=lambda name: table[name].failures)
        for name in names[: len(names) // 2]:
            self._pairs -= len(table.pop(name).others)
            self.forgotten += 1

    def _failure(self, one: _Sort, when: float, source: str, account: str) -> None:
        what, burst = one.what, self._burst
        if not what.half:
            hour = int(when // _HOUR)
            if hour in self.hours or len(self.hours) < _HOURS:
                self.hours[hour] += 1
        if len(account) > LONGEST_NAME:
            account = account[:LONGEST_NAME]
        protocol, unknown = what.protocol, one.unknown
        if source:
            party = self.sources.get(source)
            if party is None:
                party = self._party(self.sources, source, when, _SOURCES)
            room = self._pairs < _PAIRS
            self._pairs += party.failed(when, account, protocol, burst, room)
            party.unknown += unknown
        if account:
            party = self.accounts.get(account)
            if party is None:
                party = self._party(self.accounts, account, when, _ACCOUNTS)
            room = self._pairs < _PAIRS
            self._pairs += party.failed(when, source, protocol, burst, room)
            party.unknown += unknown

    def _success(self, one: _Sort, when: float, source: str, account: str) -> None:
        what = one.what
        if source:
            self.sessions.add(when, source, account, what.protocol)
        if len(account) > LONGEST_NAME:
            account = account[:LONGEST_NAME]
        if what.log == "syslog" and what.protocol == "smtp":
            self.sending.add(when, account, source)
        party = self.sources.get(source)
        if party is None:
            if source not in ATTACKERS:
                return
            party = self._party(self.sources, source, when, _SOURCES)
            party.seen(when, what.protocol)
        party.successes += 1
        failures = party.others.get(account, 0)
        if failures and (
            failures >= self._logs.success_after
            or party.widest >= self._logs.accounts_per_source
        ):
            party.others[account] = 0
            if len(self.wins) < _WINS:
                self.wins.append(Win(account, source, when, failures, what.protocol))


def _uncounted(_one: _Sort, _when: float, _source: str, _account: str) -> None:
    """Count nothing but its kind."""
