"""What the logs say of jails before they start: whom they would have banned."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC
from io import BufferedReader, FileIO, TextIOWrapper
from pathlib import Path
from typing import IO, cast

import msgspec

from zmward.bans.jails import BAN_LOG, EVENT_LOGS, MAIL_LOG
from zmward.bans.spared import Lookup
from zmward.bans.victims import Victim, victims
from zmward.bans.wanted import Bans
from zmward.doors.host import Door
from zmward.doors.log_files import LogFiles, plain
from zmward.engine.log_pieces import Asked
from zmward.engine.read_logs import Reading
from zmward.errors import BadFile
from zmward.logs import compact
from zmward.logs.event import Event
from zmward.logs.joined import joined
from zmward.logs.report import LogReport, report
from zmward.logs.tally import Tally
from zmward.profile import Profile

_PLACE = Path(EVENT_LOGS)
_LATE = 600
_LONGEST = 4096


class Judged(msgspec.Struct, frozen=True):
    """Whom jails would have banned, and the report on the same lines.

    `behind` is by how many seconds the event log lags behind the logs; 0 for little.
    """

    victims: tuple[Victim, ...]
    report: LogReport
    behind: int = 0


def there(door: Door) -> frozenset[str]:
    """Return the logs of jails that a host has."""
    found = {
        log for log in (MAIL_LOG, BAN_LOG) if not door.run(("test", "-f", log)).code
    }
    words = ("-maxdepth", "1", "-type", "f", "-name", _PLACE.name)
    if door.run(("find", str(_PLACE.parent), *words)).out.strip():
        found.add(EVENT_LOGS)
    return frozenset(found)


def _handed(asked: Asked, place: Path) -> Iterator[Event]:
    """Yield what event logs tell, also those that other nodes hand over."""
    for path in sorted(place.parent.glob(place.name)):
        # Other nodes' lines are put there by rsyslog's user: a pipe would hold us up.
        with _text(path) as lines:
            some = iter(lambda: lines.readline(_LONGEST), "")
            found = (compact.event(line.rstrip("\n")) for line in some)
            yield from (
                one for one in found if one and asked.since <= one.when <= asked.until
            )


def _text(path: Path) -> IO[str]:
    try:
        file = cast("FileIO", plain(path))
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    return TextIOWrapper(BufferedReader(file), "ascii", "replace")


def _behind(last: float, place: Path) -> int:
    """Return by how much the event logs lag behind what the logs told last."""
    times = [path.stat().st_mtime for path in place.parent.glob(place.name)]
    late = int(last - max(times)) if times else 0
    return late if late > _LATE else 0


def _noted(events: Iterable[Event], tally: Tally) -> Iterator[Event]:
    for event in events:
        tally.add((event,))
        yield event


def judged(  # what to read, and how
    found: Bans,
    site: Profile,
    files: LogFiles,
    asked: Asked,
    *,
    handed: bool,
    place: Path = _PLACE,
) -> Judged:
    """Return what the logs say; `handed` reads event logs too, for want of audit.log.

    Failures of this node's own logs stand there as well, so they are not read twice.
    """
    reading, tally = Reading(files, asked), Tally(site.logs)
    names = [str(one.path) for one in files.opened]
    events: Iterator[Event] = joined(reading.events())
    if handed:
        own = (one for one in events if one.log == "syslog")
        others = sorted(_handed(asked, place), key=lambda one: one.when)
        foreign = (one for one in others if one.log != "syslog")
        events = heapq.merge(own, foreign, key=lambda one: one.when)
    hit = victims(_noted(events, tally), found.jails, site.bans, Lookup(found.spared))
    sums = reading.counts
    counts = (sums.lines, sums.candidates, sums.unparsed)
    said = report(tally, site.logs, UTC, counts=counts, files=names, notes=files.notes)
    return Judged(hit, said, _behind(tally.last, place))
