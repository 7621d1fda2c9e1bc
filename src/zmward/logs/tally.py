"""Events counted by source, account, protocol and time, in bounded memory.

What an attacker can make many of (addresses, names) is kept in tables of fixed size:
the least of them go first, and the report says that some went.
"""

from collections import Counter, deque
from collections.abc import Iterable

import msgspec

from zmward.logs.event import LONGEST_NAME, Event
from zmward.profile import Logs

_DAY, _HOUR = 86_400, 3600
_SOURCES, _ACCOUNTS, _PAIRS = 20_000, 20_000, 150_000
_HOURS, _DOMAINS, _LINES, _WINS, _PEERS = 20_000, 2000, 3, 50, 100
_FAILED = frozenset(("failure", "unknown", "denied", "preauth-failure"))


class Party:
    """What one source or one account did, or had done to it."""

    __slots__ = (
        *("failures", "unknown", "probes", "successes", "protocols", "first", "last"),
        *("others", "today", "day", "widest", "recent", "burst"),
    )

    def __init__(self, when: float) -> None:
        self.failures = self.unknown = self.probes = self.successes = 0
        self.protocols: set[str] = set()
        self.first = self.last = when
        # Failures by account of a source, by source of an account.
        self.others: dict[str, int] = {}
        self.today: set[str] = set()
        self.day = 0
        self.widest = 0
        self.recent: deque[float] | None = None
        self.burst = False

    def seen(self, when: float, protocol: str) -> None:
        """Note when and how."""
        if when > self.last:
            self.last = when
        elif when < self.first:
            self.first = when
        if protocol:
            self.protocols.add(protocol)

    def failed(self, when: float, logs: Logs) -> None:
        """Count a failure, and see whether there were too many in a short time."""
        self.failures += 1
        if self.burst:
            return
        if self.recent is None:
            self.recent = deque()
        self.recent.append(when)
        if len(self.recent) > logs.failures:
            self.recent.popleft()
        if len(self.recent) >= logs.failures:
            self.burst = abs(when - self.recent[0]) <= logs.window_minutes * 60
        if self.burst:
            self.recent = None

    def met(self, other: str, when: float, *, room: bool) -> bool:
        """Note the other side of a failure; return whether it took new room."""
        day = int(when // _DAY)
        if day != self.day:
            self.day, self.today = day, set()
        if len(self.today) < 1000:  # noqa: PLR2004  # more make no difference
            self.today.add(other)
        self.widest = max(self.widest, len(self.today))
        if other in self.others:
            self.others[other] += 1
            return False
        if room:
            self.others[other] = 1
        return room


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


class Tally:
    """All that a report is made of."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self.sources: dict[str, Party] = {}
        self.accounts: dict[str, Party] = {}
        self._pairs = 0
        self.forgotten = 0
        self.first = self.last = 0.0
        self.kinds: Counter[str] = Counter()
        self.protocols: Counter[str] = Counter()
        self.hours: Counter[int] = Counter()
        self.via: Counter[str] = Counter()
        self.preauth: Counter[str] = Counter()
        self.preauth_failures: Counter[str] = Counter()
        self.hiding: Counter[str] = Counter()
        self.announcing: Counter[str] = Counter()
        self.wins: list[Win] = []
        self.signs: dict[str, Sign] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Count events."""
        for event in events:
            self._one(event)

    def _one(self, event: Event) -> None:
        kind, when = event.kind, event.when
        if kind == "indicator":
            self._sign(event)
            return
        if not self.first or when < self.first:
            self.first = when
        self.last = max(self.last, when)
        if not event.half:
            self.kinds[kind] += 1
            self._origin(event)
        if kind in _FAILED:
            self._failure(event)
        elif kind == "success":
            self._success(event)
        elif kind == "preauth":
            self._domain(self.preauth, event.account)
        elif event.source and kind == "probe":
            party = self._party(self.sources, event.source, when, _SOURCES)
            party.seen(when, event.protocol)
            party.probes += 1

    def _origin(self, event: Event) -> None:
        """Count whether a login of mailboxd shows whom it came from."""
        if event.log in {"audit", "mailbox"} and event.protocol not in {
            "smtp",
            "preauth",
            "mail",
        }:
            self.via[event.via] += 1
            if event.peer:
                hides = event.via == "proxy-only"
                table = self.hiding if hides else self.announcing
                if event.peer in table or len(table) < _PEERS:
                    table[event.peer] += 1

    def _sign(self, event: Event) -> None:
        known = self.signs.setdefault(event.origin, Sign(0, event.when, []))
        known.count += 1
        if len(known.lines) < _LINES:
            known.lines.append((event.log, event.line))

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
        names = sorted(table, key=lambda one: (table[one].failures, table[one].last))
        for name in names[: len(names) // 2]:
            self._pairs -= len(table.pop(name).others)
            self.forgotten += 1

    def _failure(self, event: Event) -> None:
        when, account = event.when, event.account[:LONGEST_NAME]
        if not event.half:
            self.protocols[event.protocol or "unknown"] += 1
            hour = int(when // _HOUR)
            if hour in self.hours or len(self.hours) < _HOURS:
                self.hours[hour] += 1
        if event.kind == "preauth-failure":
            self._domain(self.preauth_failures, account)
        for table, name, other, most in (
            (self.sources, event.source, account, _SOURCES),
            (self.accounts, account, event.source, _ACCOUNTS),
        ):
            if not name:
                continue
            party = self._party(table, name, when, most)
            party.seen(when, event.protocol)
            party.failed(when, self._logs)
            if event.kind == "unknown":
                party.unknown += 1
            if other:
                room = self._pairs < _PAIRS
                self._pairs += party.met(other, when, room=room)

    def _success(self, event: Event) -> None:
        source = self.sources.get(event.source)
        if source is None:
            return
        source.successes += 1
        failures = source.others.get(event.account[:LONGEST_NAME], 0)
        spread = source.widest >= self._logs.accounts_per_source
        if failures >= self._logs.success_after or (failures and spread):
            source.others[event.account[:LONGEST_NAME]] = 0
            if len(self.wins) < _WINS:
                self.wins.append(
                    Win(
                        *(event.account, event.source, event.when, failures),
                        event.protocol,
                    )
                )
