"""What all parsers share: the file's clock, who is trusted, and the rows compiled."""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from zmward.catalog.log_indicators import of
from zmward.catalog.log_pattern import Kind, Log, Pattern
from zmward.catalog.log_patterns import by_place
from zmward.logs.addresses import Trusted
from zmward.logs.clock import Clock
from zmward.logs.event import LONGEST_NAME, Event
from zmward.logs.known import Known

_LINE = 2000
_KEPT = 8192
# A longer text is not worth remembering.
_LONG = 200
_GROUPS = ("account", "typed", "protocol", "address")
_NAMED = re.compile(r"\(\?P<(\w+)>")


class Told(NamedTuple):
    """What a message tells: what its row says, and the groups of its expression."""

    kind: Kind
    account: str
    typed: str
    protocol: str
    address: str


def text(raw: bytes) -> str:
    """Return bytes of a log as text; broken UTF-8 becomes escapes."""
    return raw.decode("utf-8", "backslashreplace")


def name(raw: bytes) -> str:
    """Return the name of an account, cut and in small letters."""
    return raw.decode("utf-8", "backslashreplace")[:LONGEST_NAME].lower()


class Messages:
    """All rows of one place in one expression: one look tells which row it is."""

    def __init__(self, rows: tuple[Pattern, ...]) -> None:
        # What messages that came before told.
        self.known: dict[bytes, Told | None] = {}
        self.needles = tuple(row.needle.encode() for row in rows)
        # The empty group at the end of each choice says which it was; the names of
        # groups may come once only, so each has the number of its row.
        choices = (
            _NAMED.sub(rf"(?P<\g<1>_{number}>", row.message) + f"(?P<row_{number}>)"
            for number, row in enumerate(rows)
        )
        self._expression = re.compile(
            "|".join(f"(?:{choice})" for choice in choices).encode(), re.DOTALL
        )
        numbers = self._expression.groupindex
        # The number of the marking group, to the row and the numbers of its groups.
        self._choices = {
            numbers[f"row_{number}"]: (
                row,
                # A group that a row has not is as empty as the marking one.
                tuple(
                    numbers.get(f"{name}_{number}", numbers[f"row_{number}"])
                    for name in _GROUPS
                ),
            )
            for number, row in enumerate(rows)
        }

    def read(self, message: bytes) -> Told | None:
        """Return what a message tells: the first row that fits all of it.

        Most messages come again, and are remembered.
        """
        try:
            return self.known[message]
        except KeyError:
            found = self.meant(message)
            if len(message) <= _LONG:
                if len(self.known) >= _KEPT:
                    self.known.clear()
                self.known[message] = found
            return found

    def meant(self, message: bytes) -> Told | None:
        """Return the same, and remember nothing."""
        found = self._expression.fullmatch(message)
        if found is None:
            return None
        row, numbers = self._choices[found.lastindex or 0]
        account, typed, protocol, address = found.group(*numbers)
        return Told(
            row.kind,
            name(account.replace(b";;", b";")) if account else "",
            name(typed) if typed else "",
            text(protocol) if protocol else row.protocol,
            text(address) if address else "",
        )


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


@cache
def messages(log: Log) -> Mapping[bytes, Messages]:
    """Return the rows of a log by place, each place as one expression."""
    return {place.encode(): Messages(some) for place, some in by_place(log).items()}


class Place:
    """Where a parser stands: one file of one log."""

    def __init__(
        self, log: Log, clock: Clock, trusted: Trusted, known: Known | None = None
    ) -> None:
        self.log: Log = log
        self.clock = clock
        self.trusted = trusted
        # What depends on who is trusted can be shared only where the same are.
        self.known = known or Known()
        self.messages = messages(log)
        self.signs = Signs(log)
