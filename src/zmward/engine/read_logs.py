"""Reads logs in the order of time, with several processes where that pays.

Files are cut into pieces, which can be read in any order and by anybody: what depends
on the order of lines is done here alone, on their events, so that the result does not
depend on how many read or where the cuts fall.
"""

import gc
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import starmap

from zmward.doors.log_files import LogFiles, Opened
from zmward.engine.cores import cores
from zmward.engine.log_pieces import Asked, Reader, Task, Told, within
from zmward.engine.log_readers import Alone, Readers, Workers
from zmward.logs.clock import Clock
from zmward.logs.event import Event, Row, dated
from zmward.logs.merged import merged
from zmward.logs.reading import Counts, rows, settled

# Less than this is read sooner than another process starts.
_WORTH = 16 << 20
_PIECE = 1 << 20
_AHEAD = 3
_PACKED = 12


@contextmanager
def uncollected() -> Iterator[None]:
    """Let nobody look for circles meanwhile.

    Events hold nothing that could hold them, and looking costs a tenth.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def streams(opened: Iterable[Opened]) -> list[list[Opened]]:
    """Return the files by log and folder, oldest first: each list is one stream."""
    found: dict[tuple[str, str], list[Opened]] = {}
    for one in sorted(opened, key=lambda one: one.written):
        found.setdefault((one.log, str(one.path.parent)), []).append(one)
    return list(found.values())


def _work(opened: Iterable[Opened]) -> int:
    return sum(one.size * (_PACKED if one.packed else 1) for one in opened)


def tasks(number: int, opened: Opened, size: int) -> Iterator[Task]:
    """Yield the pieces of a file; of a packed one, the next piece for ever."""
    if opened.packed:
        while True:
            yield Task(number, 0, 0)
    for begin in range(opened.begin, opened.size, size):
        yield Task(number, begin, min(begin + size, opened.size))


class _Stream:
    """One log with its rotated files: what was begun, and what comes next."""

    def __init__(self, files: Sequence[tuple[int, Opened]], size: int) -> None:
        self._files = deque(
            (number, opened, tasks(number, opened, size)) for number, opened in files
        )
        self.begun: deque[Task] = deque()
        self.next: Task | None = None
        self.advance()

    def advance(self) -> None:
        """Find the piece that comes next; there may be none."""
        while self._files:
            self.next = next(self._files[0][2], None)
            if self.next is not None:
                return
            self._files.popleft()
        self.next = None

    def over(self, number: int) -> None:
        """Leave a packed file whose end was met, and what was begun behind it."""
        if self._files and self._files[0][0] == number:
            self._files.popleft()
            self.advance()


class Reading:
    """One reading of all files: its events in order, and its sums when it is over."""

    def __init__(
        self, files: LogFiles, asked: Asked, workers: int | None = None, size: int = 0
    ) -> None:
        self._files, self._asked = files, asked
        self._workers, self._size = workers, size or _PIECE
        self._streams: list[_Stream] = []
        self.counts = Counts()

    def _readers(self) -> Readers:
        reader = Reader(self._files, self._asked)
        count = self._workers
        if count is None:
            count = cores() if _work(self._files.opened) >= _WORTH else 1
        return Workers(reader, count) if count > 1 else Alone(reader)

    def events(self) -> Iterator[Event]:
        """Yield the events of all files in the order of time."""
        for some in self.rows():
            yield from starmap(dated, some)

    def rows(self) -> Iterator[Sequence[Row]]:
        """Yield the events of all files in the order of time as rows, in batches."""
        numbers = {id(one): number for number, one in enumerate(self._files.opened)}
        self._streams = [
            _Stream([(numbers[id(one)], one) for one in some], self._size)
            for some in streams(self._files.opened)
        ]
        with uncollected():
            try:
                readers = self._readers()
                try:
                    yield from merged(
                        [self._rows(readers, one) for one in self._streams]
                    )
                finally:
                    readers.close()
            finally:
                self._files.close()

    def _rows(self, readers: Readers, stream: _Stream) -> Iterator[Sequence[Row]]:
        since, until = self._asked.since, self._asked.until
        file, clock = -1, Clock(self._asked.zone, 0.0)
        while stream.begun or stream.next:
            if not stream.begun:
                self._begin(readers, stream)
            self._fill(readers)
            task = stream.begun.popleft()
            told, words = readers.told(task)
            self._sum(told)
            if task.end == 0 and not told.more:
                self._over(readers, stream, task)
            if task.file != file:
                file, clock = task.file, Clock(self._asked.zone, 0.0)
            found = told.found()
            if told.twice:
                found = within(settled(clock, found), since, until)
            elif told.last is not None:
                clock.settle(told.last, 0.0)
            yield tuple(rows(found, words.whats, words.names))

    def _begin(self, readers: Readers, stream: _Stream) -> None:
        if stream.next is not None:
            readers.begin(stream.next)
            stream.begun.append(stream.next)
            stream.advance()

    def _fill(self, readers: Readers) -> None:
        """Let nobody be idle, and no log run far ahead of the others."""
        waiting = [one for one in self._streams if len(one.begun) < _AHEAD]
        for stream in sorted(waiting, key=lambda one: len(one.begun)):
            if stream.next is not None and readers.idle(stream.next):
                self._begin(readers, stream)

    def _over(self, readers: Readers, stream: _Stream, task: Task) -> None:
        """Leave a packed file that is over: pieces begun behind its end are empty."""
        while stream.begun and stream.begun[0] == task:
            self._sum(readers.told(stream.begun.popleft())[0])
        stream.over(task.file)

    def _sum(self, told: Told) -> None:
        self.counts.add(Counts(*told.sums))
        for note in told.notes:
            self._files.missed(note)
