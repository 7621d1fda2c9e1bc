"""One piece of one log at a time: read, parsed, and counted."""

from array import array
from collections.abc import Iterator
from datetime import tzinfo
from itertools import compress

import msgspec

from zmward.doors.log_files import LogFiles, Opened, Piece
from zmward.logs.addresses import Trusted
from zmward.logs.clock import Clock
from zmward.logs.event import Event
from zmward.logs.known import Found, Known
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
    """What a piece tells: its events as columns, what they refer to, and the sums.

    `whats` and `names` are what the numbers refer to beyond what earlier pieces told,
    `anew` that all of that is forgotten first. `last` is the stamp of the last event,
    whether or not it was asked for. Without `more` a packed file is over.
    """

    more: bool
    anew: bool
    whats: list[Event]
    names: list[str]
    # Times as C's double; what, source and account as three columns of C's int.
    whens: bytes
    numbers: bytes
    keys: list[str]
    twice: list[tuple[int, float]]
    last: float | None
    sums: tuple[int, int, int]
    notes: list[str]

    def found(self) -> Found:
        """Return the events."""
        whens, numbers = array("d", self.whens).tolist(), array("i", self.numbers)
        size = len(whens)
        return Found(
            whens,
            numbers[:size].tolist(),
            numbers[size : 2 * size].tolist(),
            numbers[2 * size :].tolist(),
            self.keys,
            self.twice,
        )


class Words:
    """What the numbers of a reader's answers refer to."""

    def __init__(self) -> None:
        self.whats: list[Event] = []
        self.names: list[str] = []

    def add(self, told: Told) -> None:
        """Learn more of them; those of an earlier age have to be kept elsewhere."""
        self.whats += told.whats
        self.names += told.names


class Reader:
    """Reads pieces; it keeps the place of each file, and what is unpacked of it."""

    def __init__(self, files: LogFiles, asked: Asked) -> None:
        self._files, self._asked = files, asked
        self._trusted = Trusted(asked.trusted)
        self._places: dict[int, Place] = {}
        self._packed: dict[int, Iterator[Piece]] = {}
        self._known = Known()
        self._age, self._told = 0, (0, 0)

    def _place(self, number: int, opened: Opened) -> Place:
        place = self._places.get(number)
        if place is None:
            clock = Clock(self._asked.zone, opened.written)
            place = self._places[number] = Place(
                opened.log, clock, self._trusted, self._known
            )
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
            found = Found([], [], [], [], [], [])
            return self._as_told(found, (0, 0, 0), before, more=False)
        counts = Counts(lines=piece.lines)
        place = self._place(task.file, opened)
        found = read(place, piece.block, piece.first, piece.end, counts)
        sums = counts.lines, counts.candidates, counts.unparsed
        return self._as_told(found, sums, before, more=opened.packed)

    def _as_told(
        self, found: Found, sums: tuple[int, int, int], before: int, *, more: bool
    ) -> Told:
        """Return what was found as it is handed on, with the notes since then."""
        known = self._known
        anew = known.age != self._age
        if anew:
            self._age, self._told = known.age, (0, 0)
        whats, names = known.whats[self._told[0] :], known.names[self._told[1] :]
        self._told = len(known.whats), len(known.names)
        last = found.whens[-1] if found.whens else None
        if not found.twice:
            found = within(found, self._asked.since, self._asked.until)
        numbers = array("i", found.whats + found.sources + found.accounts)
        return Told(
            more=more,
            anew=anew,
            whats=whats,
            names=names,
            whens=array("d", found.whens).tobytes(),
            numbers=numbers.tobytes(),
            keys=found.keys,
            twice=found.twice,
            last=last,
            sums=sums,
            notes=self._files.notes[before:],
        )


def within(found: Found, since: float, until: float) -> Found:
    """Return the events of some time, all of which are settled."""
    whens = found.whens
    if not whens or (since <= min(whens) and max(whens) <= until):
        return found
    kept = [since <= when <= until for when in whens]
    return Found(
        list(compress(whens, kept)),
        list(compress(found.whats, kept)),
        list(compress(found.sources, kept)),
        list(compress(found.accounts, kept)),
        list(compress(found.keys, kept)),
        [],
    )
