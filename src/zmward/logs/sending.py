"""Messages that accounts sent after a login to the MTA, against their own past.

Counted are messages, one for each line of smtpd with a `sasl_username`; how many
recipients each had, and what the web client sent, these lines do not say.
"""

from collections.abc import Iterator

import msgspec

from zmward.profile import Logs

_DAY, _HOUR = 86_400, 3600
_ACCOUNTS, _DAYS, _SOURCES = 20_000, 100, 100


class Much(msgspec.Struct, frozen=True):
    """An account's day of very many messages.

    `usual` is the busiest day before it, of the `before` days that the logs reach back.
    """

    account: str
    day: float
    sent: int
    usual: int
    before: int
    hour: float
    in_hour: int
    sources: int


class _Day:
    """One day of one account, with its busiest hour."""

    __slots__ = (
        *("busiest", "hour", "in_busiest", "in_hour"),
        *("sent", "source", "sources"),
    )

    def __init__(self, source: str) -> None:
        self.sent = self.hour = self.in_hour = self.busiest = self.in_busiest = 0
        # Most have one; a set is made for the second.
        self.source = source
        self.sources: set[str] | None = None

    def met(self, source: str) -> None:
        """Note that a message came from elsewhere than the first."""
        if self.sources is None:
            self.sources = {self.source, source}
        elif len(self.sources) < _SOURCES:
            self.sources.add(source)


class Sending:
    """Who sent how much on which day."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._accounts: dict[str, dict[int, _Day]] = {}
        self._first: int | None = None
        self.forgotten = 0

    def add(self, when: float, account: str, source: str) -> None:
        """Count a message of an account, whose name is at most 320 letters long."""
        hour = int(when) // _HOUR
        days = self._accounts.get(account)
        day = days.get(hour // 24) if days else None
        if day is None:
            day = self._day(account, hour // 24, source)
        elif source != day.source:
            day.met(source)
        day.sent += 1
        if hour == day.hour:
            day.in_hour += 1
        else:
            day.hour, day.in_hour = hour, 1
        if day.in_hour > day.in_busiest:
            day.busiest, day.in_busiest = hour, day.in_hour

    def _day(self, name: str, number: int, source: str) -> _Day:
        """Return a new day of an account."""
        if self._first is None or number < self._first:
            self._first = number
        days = self._accounts.get(name)
        if days is None:
            if len(self._accounts) >= _ACCOUNTS:
                self._shrink()
            days = self._accounts[name] = {}
        if len(days) >= _DAYS:
            del days[min(days)]
        day = days[number] = _Day(source)
        return day

    def _shrink(self) -> None:
        """Forget the half that sent least on its busiest day."""
        names = sorted(
            self._accounts,
            key=lambda name: max(day.sent for day in self._accounts[name].values()),
        )
        for name in names[: len(names) // 2]:
            del self._accounts[name]
            self.forgotten += 1

    def much(self) -> Iterator[Much]:
        """Yield the worst day of each account that had one of very many messages."""
        for name, days in self._accounts.items():
            some = [one for day in days if (one := self._judged(name, day))]
            if some:
                yield max(some, key=lambda one: one.sent)

    def _judged(self, name: str, number: int) -> Much | None:
        days = self._accounts[name]
        day = days[number]
        usual = max((one.sent for at, one in days.items() if at < number), default=0)
        if day.sent < self._logs.sent_in_a_day:
            return None
        if day.sent < self._logs.sent_times * usual:
            return None
        return Much(
            account=name,
            day=float(number * _DAY),
            sent=day.sent,
            usual=usual,
            before=number - (number if self._first is None else self._first),
            hour=float(day.busiest * _HOUR),
            in_hour=day.in_busiest,
            sources=len(day.sources or (day.source,)),
        )
