"""Follows logs as they are written: each look gives the events that are whole by now.

Events of one look are put into the order of time. What waits for its other half waits
by the logs' own clock, which stands still while nothing is written and then goes on
with ours. A log that is far behind holds the others up, so that halves still meet: what
they tell waits, and once that is much, they are not read on. A log that tells what no
other does holds up nobody, and waits for nobody.
"""

import math
import time
from collections.abc import Callable, Sequence
from datetime import tzinfo
from functools import cache
from itertools import starmap
from operator import attrgetter
from pathlib import Path

import msgspec
from msgspec.structs import replace

from zmward.catalog.log_pattern import Log
from zmward.catalog.log_patterns import rows
from zmward.doors.log_files import LIVE, live
from zmward.doors.log_tail import Held, Spot, Tail
from zmward.logs.addresses import Trusted
from zmward.logs.candidates import words
from zmward.logs.clock import Clock
from zmward.logs.doubted import LOOKS, doubted
from zmward.logs.event import TWICE, Event, dated, row
from zmward.logs.joined import Joiner, Waiting
from zmward.logs.known import Known
from zmward.logs.lines import Place
from zmward.logs.reading import Counts, dated_events, last_when, read

# Every so many looks a log whose name has the date in it is looked for.
_EVERY = 10
_PLACES = 64
# While so many events wait for the log that is furthest behind, it alone is read.
_MOST = 4096
_when = attrgetter("when")


class Progress(msgspec.Struct, array_like=True):
    """How far all logs were read, and what waits for its other half."""

    spots: dict[str, list[Spot]] = {}
    waiting: Waiting = Waiting()
    held: list[Event] = []


def _pair(log: Log) -> bytes:
    """Return how a line ends whose message goes on in the next line."""
    for word in words(log):
        first, found, _ = word.partition(b"\n")
        if found:
            return first + b"\n"
    return b""


@cache
def _pairs(log: Log) -> bool:
    """Return whether another log may tell the same as this one."""
    return any(row.kind in TWICE for row in rows(log))


class Follow:
    """All live logs of some folders."""

    def __init__(
        self,
        folders: Sequence[Path],
        asked: tuple[tzinfo, tuple[str, ...]],
        progress: Progress | None = None,
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folders, self._zone, self._passed = folders, asked[0], passed
        self._trusted, self._lines = Trusted(asked[1]), Known()
        known = progress or Progress()
        self._held = known.held
        self._known = known.spots
        self._tails: dict[Path, tuple[Log, Tail]] = {}
        self._places: dict[int, tuple[Held, Place]] = {}
        self._looks = 0
        # The logs that are far behind, and when what was read of each was written.
        self._behind: dict[Path, float] = {}
        self.go_on(known.waiting)
        self._stale: set[Path] = set()
        self._noted: set[str] = set()
        self.counts = Counts()
        self._find(first=progress is None)

    def close(self) -> None:
        """Let go of all files."""
        for _, tail in self._tails.values():
            tail.close()

    def go_on(self, waiting: Waiting) -> None:
        """Take over what an earlier reading left without its other half."""
        self._joiner = Joiner(waiting)
        halves = (*waiting.addressed, *waiting.named, *waiting.later)
        self._newest = max((one.when for one in halves), default=0.0)
        self._seen = self._passed()

    def notes(self) -> list[str]:
        """Return what could not be read, each once."""
        found = [note for _, tail in self._tails.values() for note in tail.notes]
        for _, tail in self._tails.values():
            tail.notes.clear()
        new = [note for note in dict.fromkeys(found) if note not in self._noted]
        self._noted.update(new)
        return new

    def watched(self) -> list[Path]:
        """Return the logs that are there."""
        return [path for path, (_, tail) in self._tails.items() if tail.spots()]

    def progress(self) -> Progress:
        """Return how far it came."""
        spots = {str(path): tail.spots() for path, (_, tail) in self._tails.items()}
        return Progress(
            {path: some for path, some in spots.items() if some},
            self._joiner.known(),
            self._held,
        )

    def _find(self, *, first: bool) -> None:
        """Find the logs; of those that were there from the first, the end."""
        current: set[Path] = set()
        for folder in self._folders:
            for name, log in LIVE:
                path = live(folder, name)
                current.add(path)
                if path in self._tails:
                    continue
                tail = Tail(path, _pair(log))
                known = self._known.pop(str(path), None)
                if known is not None:
                    tail.resume(known)
                elif first:
                    tail.to_end()
                self._tails[path] = (log, tail)
        self._leave(current)

    def _leave(self, current: set[Path]) -> None:
        """Leave logs whose successor has been there for a while."""
        for path in self._stale - current:
            self._tails.pop(path)[1].close()
            self._behind.pop(path, None)
        self._stale = self._tails.keys() - current

    def _place(self, held: Held, log: Log) -> Place:
        kept = self._places.get(id(held))
        if kept is None:
            if len(self._places) >= _PLACES:
                self._places.pop(next(iter(self._places)))
            clock = Clock(self._zone, time.time(), live=True)
            place = Place(log, clock, self._trusted, self._lines)
            # The file is kept with it, so that its id is not given to another.
            kept = self._places[id(held)] = (held, place)
        kept[1].clock.newest = time.time()
        return kept[1]

    def look(self) -> tuple[list[Event], bool]:
        """Return the events that are whole, and whether there is more at once."""
        self._looks += 1
        if self._looks % _EVERY == 0:
            self._find(first=False)
        found, alone, behind = list(self._held), list[Event](), False
        slowest = self._slowest()
        for path, (log, tail) in self._tails.items():
            if _pairs(log):
                if slowest in {None, path}:
                    found += self._polled(path)
                continue
            for held, block, more in tail.poll():
                alone += self._read(held, self._place(held, log), block)
                behind = behind or more
        found.sort(key=_when)
        limit = min(self._behind.values(), default=math.inf)
        self._held = [one for one in found if one.when > limit]
        told = self._joined(found[: len(found) - len(self._held)])
        if alone:
            told = sorted([*told, *alone], key=_when)
        return told, behind or bool(self._behind)

    def _slowest(self) -> Path | None:
        """Return the log that alone is read, so that no more waits for it."""
        if len(self._held) < _MOST or not self._behind:
            return None
        return min(self._behind, key=self._behind.__getitem__)

    def _polled(self, path: Path) -> list[Event]:
        """Return what is new in a log, and note whether it is far behind."""
        log, tail = self._tails[path]
        before = self._behind.pop(path, math.inf)
        found: list[Event] = []
        for held, block, more in tail.poll():
            place = self._place(held, log)
            found += self._read(held, place, block)
            if more:
                when = last_when(place.clock, block)
                self._behind[path] = before if when is None else when
        return found

    def _read(self, held: Held, place: Place, block: bytes) -> list[Event]:
        """Return the events of a block; where a client may speak, without address.

        Whoever writes a name of several lines may speak for himself there.
        """
        self.counts.lines += block.count(b"\n")
        if place.log != "audit" or not block:
            return self._events(place, block, 0, len(block))
        spot = held.spot
        doubt = doubted(block, within=spot.within, cut=held.cut)
        if doubt.large and not held.rests():
            doubt = doubt._replace(end=len(block), within=1)
        # In what is skipped of a line such a message may begin.
        spot.within = LOOKS if spot.skips else doubt.within
        sure = self._events(place, block, 0, doubt.head)
        head = self._events(place, block, doubt.head, doubt.begin)
        unsure = self._events(place, block, doubt.begin, doubt.end)
        own = {one.source for one in head if doubt.broken}
        return [
            *(*sure, *head),
            *(
                one
                if one.source in own
                else replace(one, source="", via="none", peer="")
                for one in unsure
            ),
            *self._events(place, block, doubt.end, len(block)),
        ]

    def _events(self, place: Place, block: bytes, begin: int, end: int) -> list[Event]:
        if begin >= end:
            return []
        return list(dated_events(place, read(place, block, begin, end, self.counts)))

    def _joined(self, found: Sequence[Event]) -> list[Event]:
        now = self._passed()
        whole = self._joiner.through(map(row, found))
        if found:
            self._newest, self._seen = found[-1].when, now
        whole += self._joiner.ripe(self._newest + now - self._seen)
        return list(starmap(dated, whole))

    def rest(self) -> list[Event]:
        """Return what waits, at the end of all."""
        whole = self._joiner.through(map(row, self._held))
        self._held = []
        return list(starmap(dated, [*whole, *self._joiner.rest()]))
