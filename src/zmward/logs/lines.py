"""What all parsers share: the file's clock, who is trusted, and the rows compiled."""

import re
from collections.abc import Mapping

from zmward.catalog.log_indicators import of
from zmward.catalog.log_pattern import Log, Pattern
from zmward.catalog.log_patterns import by_place
from zmward.logs.addresses import Trusted
from zmward.logs.clock import Clock
from zmward.logs.event import Event

_LINE = 2000
Compiled = tuple[tuple[Pattern, re.Pattern[str]], ...]


def compiled(log: Log) -> Mapping[str, Compiled]:
    """Return the rows of a log by place, with their expressions."""
    return {
        place: tuple((row, row.expression) for row in some)
        for place, some in by_place(log).items()
    }


def matched(
    rows: Compiled, message: str
) -> tuple[Pattern, Mapping[str, str | None]] | None:
    """Return the first row that the whole message fits, and its groups."""
    for row, expression in rows:
        if row.needle in message:
            found = expression.fullmatch(message)
            if found is not None:
                return row, found.groupdict()
    return None


class Signs:
    """The signs of exploitation of one log."""

    def __init__(self, log: Log) -> None:
        self._log: Log = log
        self._rows = tuple((row, row.needle, row.expression) for row in of(log))

    def of(self, line: str, subject: str, when: float, source: str) -> Event | None:
        """Return the first sign that the subject shows, with the line as evidence."""
        for row, needle, expression in self._rows:
            if needle in subject and expression.search(subject):
                return Event(
                    *(when, "indicator", self._log, source),
                    origin=row.id,
                    line=line[:_LINE],
                )
        return None


class Place:
    """Where a parser stands: one file of one log."""

    def __init__(self, log: Log, clock: Clock, trusted: Trusted) -> None:
        self.log: Log = log
        self.clock = clock
        self.trusted = trusted
        self.rows = compiled(log)
        self.signs = Signs(log)
