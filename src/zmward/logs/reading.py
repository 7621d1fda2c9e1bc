"""Blocks of one file to events, counted: lines, candidates, and those not understood.

A candidate that no parser can read is counted, never guessed at.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import starmap
from typing import Final

from zmward.catalog.log_pattern import Log
from zmward.logs import access, jetty, mailboxd, nginx, sudo, syslog, usual
from zmward.logs.campaign import with_requests
from zmward.logs.candidates import LONGEST, candidates, finders, words
from zmward.logs.clock import Clock
from zmward.logs.event import Event, Read, Row, dated
from zmward.logs.known import Found
from zmward.logs.lines import Place
from zmward.logs.usual import Parse

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
# How lines of the usual form are read together.
_USUAL: Final[Mapping[Log, Callable[[Place, Sequence[bytes], Found, Parse], bool]]] = {
    "audit": usual.mailboxd,
    "mailbox": usual.mailboxd,
    "sync": usual.mailboxd,
    "syslog": usual.syslog,
}
_RETURN = ord("\r")
# Between stamps there may be a long trace.
_TRACE = 500


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


class _Block:
    """One block's candidates, as they are read: what they told, and the counts."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._parser = _PARSERS[place.log]
        self.found = Found([], [], [], [], [], [])
        self.foreign = self.unparsed = 0

    def read(self, lines: Sequence[bytes]) -> None:
        """Read candidates: those of the usual form by what was heard before."""
        together = _USUAL.get(self._place.log)
        if lines and not (
            together and together(self._place, lines, self.found, self.parse)
        ):
            for line in lines:
                self.parse(line)

    def parse(self, line: bytes) -> None:
        """Parse one line."""
        place = self._place
        told = self._parser(place, line if line[-1] != _RETURN else line.rstrip(b"\r"))
        times = 1
        if told is None and place.log == "syslog":
            told, times = _unfolded(place, line)
        if type(told) is Event:
            self._add(told, times)
        elif len(line) < LONGEST and not any(word in line for word in words(place.log)):
            # It holds what needles have in common, and none of them.
            self.foreign += 1
        elif told is None:
            self.unparsed += 1

    def _add(self, event: Event, times: int) -> None:
        found, known, later = self.found, self._place.known, self._place.clock.later
        if later:
            first = len(found.whens)
            found.twice += ((first + one, later) for one in range(times))
        found.whens += [event.when] * times
        found.whats += [known.what(event)] * times
        found.sources += [known.name(event.source)] * times
        found.accounts += [known.name(event.account)] * times
        found.keys += [event.key] * times


def read(place: Place, block: bytes, begin: int, end: int, counts: Counts) -> Found:
    """Return the events of the lines between two places of a block, as yet unsettled.

    Their numbers are those of what the place knows.
    """
    some = candidates(block, finders(place.log), begin, end)
    lines = with_requests(place.log, block, some, begin, end)
    place.known.keep()
    told = _Block(place)
    told.read(lines)
    counts.candidates += len(lines) - told.foreign
    counts.unparsed += told.unparsed
    return told.found


def settled(clock: Clock, found: Found) -> Found:
    """Return events with the right turn of stamps that come twice, in their order."""
    if not found.whens:
        return found
    if not found.twice:
        clock.settle(found.whens[-1], 0.0)
        return found
    later = dict(found.twice)
    found.whens = [
        clock.settle(when, later.get(number, 0.0))
        for number, when in enumerate(found.whens)
    ]
    found.twice = []
    return found


def last_when(clock: Clock, block: bytes) -> float | None:
    """Return when the last line of a block was written that says it."""
    end = len(block)
    for _ in range(_TRACE):
        begin = block.rfind(b"\n", 0, max(end - 1, 0)) + 1
        when = clock.glance(block[begin : min(end, begin + 40)])
        # Clients write lines too, with any stamp.
        if when is not None and when <= clock.newest:
            return when
        if begin == 0:
            break
        end = begin
    return None


def rows(found: Found, whats: Sequence[Event], names: Sequence[str]) -> Iterator[Row]:
    """Return the events as rows, of what is known by their numbers."""
    return zip(
        found.whens,
        map(whats.__getitem__, found.whats),
        map(names.__getitem__, found.sources),
        map(names.__getitem__, found.accounts),
        found.keys,
        strict=True,
    )


def dated_events(place: Place, found: Found) -> Iterator[Event]:
    """Return the events that a place found last, settled."""
    known = place.known
    return starmap(dated, rows(settled(place.clock, found), known.whats, known.names))


def events(place: Place, blocks: Iterable[bytes], counts: Counts) -> Iterator[Event]:
    """Yield the events of a file's blocks, each of whole lines."""
    for block in blocks:
        found = read(place, block, 0, len(block), counts)
        counts.lines += block.count(b"\n")
        if block and not block.endswith(b"\n"):
            counts.lines += 1
        yield from dated_events(place, found)
