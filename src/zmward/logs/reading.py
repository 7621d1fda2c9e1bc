"""Blocks of one file to events, counted: lines, candidates, and those not understood.

A candidate that no parser can read is counted, never guessed at.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from zmward.catalog.log_pattern import Log
from zmward.logs import access, jetty, mailboxd, nginx, syslog
from zmward.logs.candidates import candidates, words
from zmward.logs.event import Event, Read
from zmward.logs.lines import Place

_PARSERS: Final[Mapping[Log, Callable[[Place, str], Read]]] = {
    "audit": mailboxd.read,
    "mailbox": mailboxd.read,
    "sync": mailboxd.read,
    "out": jetty.read,
    "nginx": nginx.read,
    "nginx-access": access.read,
    "access": access.read,
    "syslog": syslog.read,
}


class Counts:
    """How much was read, summed over files."""

    def __init__(self, lines: int = 0, candidates: int = 0, unparsed: int = 0) -> None:
        self.lines = lines
        self.candidates = candidates
        self.unparsed = unparsed

    def add(self, other: "Counts") -> None:
        """Add what another reader counted."""
        self.lines += other.lines
        self.candidates += other.candidates
        self.unparsed += other.unparsed


def _text(line: bytes) -> str:
    return line.rstrip(b"\r").decode("utf-8", "backslashreplace")


def parse(place: Place, line: bytes) -> Read:
    """Return what one candidate line tells; broken UTF-8 becomes escapes."""
    return _PARSERS[place.log](place, _text(line))


def events(place: Place, blocks: Iterable[bytes], counts: Counts) -> Iterator[Event]:
    """Yield the events of a file's blocks, each of whole lines."""
    some, read = words(place.log), _PARSERS[place.log]
    for block in blocks:
        counts.lines += block.count(b"\n")
        if block and not block.endswith(b"\n"):
            counts.lines += 1
        for line in candidates(block, some):
            counts.candidates += 1
            found = read(place, _text(line))
            if found is None:
                counts.unparsed += 1
            elif isinstance(found, Event):
                yield found
