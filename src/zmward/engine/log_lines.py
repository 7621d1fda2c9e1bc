"""Reads the logs once more for the lines of findings, and for nothing else."""

from collections.abc import Iterable, Iterator, Sequence

from zmward.doors.log_files import LogFiles, Opened, Piece
from zmward.engine.log_pieces import Asked
from zmward.logs.addresses import Trusted
from zmward.logs.candidates import candidates
from zmward.logs.clock import Clock
from zmward.logs.event import Event
from zmward.logs.evidence import Wanted
from zmward.logs.lines import Place
from zmward.logs.reading import parse
from zmward.logs.seen import LineSeen

_LONGEST, _PIECE = 2000, 1 << 20


class _Hungry:
    """A finding that still wants lines."""

    def __init__(self, want: Wanted) -> None:
        self.want = want
        self.word = want.word.encode()
        self.lines: list[LineSeen] = []

    @property
    def fed(self) -> bool:
        return len(self.lines) >= self.want.most

    def look(self, place: Place, piece: Piece) -> None:
        for line in candidates(piece.block, (self.word,), piece.first, piece.end):
            event = parse(place, line)
            if isinstance(event, Event) and self.want.met(event):
                text = line[:_LONGEST].decode("utf-8", "backslashreplace")
                self.lines.append(LineSeen(self.want.about, place.log, text))
                if self.fed:
                    return


def _pieces(files: LogFiles, opened: Opened) -> Iterator[Piece]:
    if opened.packed:
        yield from files.pieces(opened)
        return
    for begin in range(0, opened.size, _PIECE):
        yield files.piece(opened, begin, begin + _PIECE)


def lines(
    opened: Iterable[Opened], wants: Sequence[Wanted], asked: Asked
) -> tuple[LineSeen, ...]:
    """Return the lines of findings; of a file that is gone by now there are none."""
    files = LogFiles()
    for one in sorted(opened, key=lambda one: one.written):
        files.open(one.path, one.log)
    trusted = Trusted(asked.trusted)
    hungry = [_Hungry(want) for want in wants if want.word]
    try:
        for one in files.opened:
            place = Place(one.log, Clock(asked.zone, one.written), trusted)
            some = [each for each in hungry if each.want.since <= one.written + 1]
            for piece in _pieces(files, one) if some else ():
                for each in some:
                    if not each.fed:
                        each.look(place, piece)
                if all(each.fed for each in some):
                    break
    finally:
        files.close()
    return tuple(line for each in hungry for line in each.lines)
