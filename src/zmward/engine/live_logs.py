"""One report that goes on: what stands in the logs, then what is written to them.

The places from which the logs are followed are taken first, and the files are read up
to them: no line is counted twice, and none falls between. What waits for its other half
at the end of the one waits on at the begin of the other.
"""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from pathlib import Path

from zmward.doors.log_files import LIVE, LogFiles, live
from zmward.engine.follow_logs import Follow
from zmward.engine.log_pieces import Asked
from zmward.engine.read_logs import Reading
from zmward.errors import Incomplete
from zmward.logs.joined import Joiner
from zmward.logs.reading import Counts
from zmward.logs.report import LogReport, report
from zmward.logs.tally import Tally
from zmward.profile import Logs

_TRIES = 5


def cut(files: LogFiles, follow: Follow, folders: Sequence[Path]) -> bool:
    """End each live file where following begins; False where they do not agree.

    They do not where a log was rotated between the two looks at it.
    """
    spots = {
        (spot.device, spot.inode): spot
        for some in follow.progress().spots.values()
        for spot in some
    }
    now = {live(folder, name) for folder in folders for name, _ in LIVE}
    for one in files.opened:
        spot = spots.get(one.inode)
        if spot is None:
            if one.path in now:
                return False
            continue
        if one.size < spot.at or not one.head.startswith(spot.head):
            return False
        one.size, one.mark = spot.at, spot.mark
        one.begin = min(one.begin, spot.at)
    return True


def begun(
    folders: Sequence[Path], asked: Asked, opened: Callable[[], LogFiles]
) -> tuple[LogFiles, Follow]:
    """Open the logs, and the same ones to be followed from where these end."""
    for _ in range(_TRIES):
        follow = Follow(folders, (asked.zone, asked.trusted))
        try:
            files = opened()
        except BaseException:
            follow.close()
            raise
        if cut(files, follow, folders):
            return files, follow
        files.close()
        follow.close()
    raise Incomplete("The logs are rotated again and again: try later.")


class Live:
    """A report and what it is made of, while the logs go on."""

    def __init__(
        self, files: LogFiles, follow: Follow, asked: Asked, thresholds: Logs
    ) -> None:
        self._files, self._follow, self._asked = files, follow, asked
        self._logs, self._tally = thresholds, Tally(thresholds)
        self._sums = Counts()
        self._paths = dict.fromkeys(str(one.path) for one in files.opened)

    def close(self) -> None:
        """Let go of all files."""
        self._files.close()
        self._follow.close()

    def past(self) -> None:
        """Count what stands in the logs."""
        reading, joiner = Reading(self._files, self._asked), Joiner()
        for rows in reading.rows():
            self._tally.rows(joiner.through(rows))
        self._tally.fold()
        self._sums = reading.counts
        self._follow.go_on(joiner.known())

    def look(self) -> tuple[bool, bool]:
        """Count what was written since; return whether it was any, and if more is."""
        before = self._follow.counts.lines
        found, more = self._follow.look()
        since = self._asked.since
        self._tally.add(one for one in found if one.when >= since)
        new = bool(found) or self._follow.counts.lines > before
        for note in self._follow.notes():
            new = True
            self._files.missed(note)
        return new, more

    def rest(self) -> None:
        """Count what still waits for its other half, at the end of all."""
        self._tally.add(self._follow.rest())

    def report(self, zone: tzinfo) -> LogReport:
        """Return the report on all that was counted, with times of a zone."""
        self._paths |= dict.fromkeys(map(str, self._follow.watched()))
        sums = Counts()
        sums.add(self._sums)
        sums.add(self._follow.counts)
        return report(
            self._tally,
            self._logs,
            zone,
            counts=(sums.lines, sums.candidates, sums.unparsed),
            files=self._paths,
            notes=self._files.notes,
        )
