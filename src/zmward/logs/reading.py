"""Blocks of one file to events, counted: lines, candidates, and those not understood.

A candidate that no parser can read is counted, never guessed at.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from zmward.catalog.log_pattern import Log
from zmward.logs import access, jetty, mailboxd, nginx, sudo, syslog
from zmward.logs.campaign import with_requests
from zmward.logs.candidates import candidates, finders, words
from zmward.logs.clock import Clock
from zmward.logs.event import Event, Read
from zmward.logs.lines import Place

_PARSERS: Final[Mapping[Log, Callable[[Place, bytes], Read]]] = {
    "audit": mailboxd.read,
    "mailbox": mailboxd.read,
    "sync": mailboxd.read,
    "out": jetty.read,
    "nginx": nginx.read,
    "nginx-access": access.read,
    "access": access.read,
    "syslog": syslog.read,
    "auth": sudo.read,
}


_RETURN = ord("\r")


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


def parse(place: Place, line: bytes) -> Read:
    """Return what one candidate line tells; broken UTF-8 becomes escapes."""
    return _PARSERS[place.log](place, line.rstrip(b"\r"))


def _unfolded(place: Place, line: bytes) -> tuple[Read, int]:
    plain, times = syslog.unfolded(line.rstrip(b"\r"))
    return (syslog.read(place, plain), times) if times else (None, 1)


def read(
    place: Place, block: bytes, begin: int, end: int, counts: Counts
) -> tuple[list[Event], list[tuple[int, float]]]:
    """Return the events of the lines between two places of a block, as yet unsettled.

    With them the numbers of those whose stamp comes twice, each with how much later
    its second turn is: which one it was, only the order of the whole file can tell.
    """
    parser, clock = _PARSERS[place.log], place.clock
    some = candidates(block, finders(place.log), begin, end)
    lines = with_requests(place.log, block, some, begin, end)
    found: list[Event] = []
    twice: list[tuple[int, float]] = []
    foreign = unparsed = 0
    for line in lines:
        times = 1
        told = parser(place, line if line[-1] != _RETURN else line.rstrip(b"\r"))
        if told is None and place.log == "syslog":
            told, times = _unfolded(place, line)
        if type(told) is Event:
            if clock.later:
                turns = range(len(found), len(found) + times)
                twice += ((number, clock.later) for number in turns)
            found += [told] * times
        elif not any(word in line for word in words(place.log)):
            # It holds what needles have in common, and none of them.
            foreign += 1
        elif told is None:
            unparsed += 1
    counts.candidates += len(lines) - foreign
    counts.unparsed += unparsed
    return found, twice


def settled(
    clock: Clock, found: list[Event], twice: Iterable[tuple[int, float]]
) -> list[Event]:
    """Return events with the right turn of stamps that come twice, in their order."""
    later = dict(twice)
    if not later:
        if found:
            clock.settle(found[-1].when, 0.0)
        return found
    return [
        replace(one, when=clock.settle(one.when, later.get(number, 0.0)))
        for number, one in enumerate(found)
    ]


def events(place: Place, blocks: Iterable[bytes], counts: Counts) -> Iterator[Event]:
    """Yield the events of a file's blocks, each of whole lines."""
    for block in blocks:
        found, twice = read(place, block, 0, len(block), counts)
        counts.lines += block.count(b"\n")
        if block and not block.endswith(b"\n"):
            counts.lines += 1
        yield from settled(place.clock, found, twice)
