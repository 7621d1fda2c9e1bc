"""One piece of one log at a time: read, parsed, and counted."""

from collections.abc import Iterator
from datetime import tzinfo

import msgspec

from zmward.doors.log_files import LogFiles, Opened, Piece
from zmward.logs.addresses import Trusted
from zmward.logs.clock import Clock
from zmward.logs.event import Event
from zmward.logs.lines import Place
from zmward.logs.reading import Counts, read


class Asked(msgspec.Struct, frozen=True):
    """What the reading of every file needs to know."""

    zone: tzinfo
    trusted: tuple[str, ...]
    since: float
    until: float


class Task(msgspec.Struct, frozen=True, array_like=True):
    """A piece of an opened file, by its number; of a packed one the next, whatever."""

    file: int
    begin: int
    end: int


class Told(msgspec.Struct, array_like=True):
    """What a piece tells: its events, those whose stamp comes twice, and the sums.

    `last` is the stamp of the last event, whether or not it was asked for. Without
    `more` a packed file is over.
    """

    more: bool
    events: list[Event]
    twice: list[tuple[int, float]]
    last: float | None
    sums: tuple[int, int, int]
    notes: list[str]


class Reader:
    """Reads pieces; it keeps the place of each file, and what is unpacked of it."""

    def __init__(self, files: LogFiles, asked: Asked) -> None:
        self._files, self._asked = files, asked
        self._trusted = Trusted(asked.trusted)
        self._places: dict[int, Place] = {}
        self._packed: dict[int, Iterator[Piece]] = {}

    def _place(self, number: int, opened: Opened) -> Place:
        place = self._places.get(number)
        if place is None:
            clock = Clock(self._asked.zone, opened.written)
            place = self._places[number] = Place(opened.log, clock, self._trusted)
        return place

    def _piece(self, task: Task, opened: Opened) -> Piece | None:
        if not opened.packed:
            return self._files.piece(opened, task.begin, task.end)
        if task.file not in self._packed:
            self._packed[task.file] = self._files.pieces(opened)
        return next(self._packed[task.file], None)

    def read(self, task: Task) -> Told:
        """Return what a piece tells."""
        before = len(self._files.notes)
        opened = self._files.opened[task.file]
        piece = self._piece(task, opened)
        if piece is None:
            notes = self._files.notes[before:]
            return Told(False, [], [], None, (0, 0, 0), notes)  # noqa: FBT003  # it ends
        counts = Counts(lines=piece.lines)
        place = self._place(task.file, opened)
        found, twice = read(place, piece.block, piece.first, piece.end, counts)
        last = found[-1].when if found else None
        if not twice:
            since, until = self._asked.since, self._asked.until
            found = [one for one in found if since <= one.when <= until]
        sums = counts.lines, counts.candidates, counts.unparsed
        notes = self._files.notes[before:]
        return Told(opened.packed, found, twice, last, sums, notes)
