"""Where the logs of a report come from, and whose word in them is taken.

Files and folders that are named are read as they are. Without any, this node's own logs
are read, or with --host those of a far one; then the node is also asked whom it trusts.
"""

import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from socket import gethostname

import msgspec

from zmward.cli.options import door, time
from zmward.cli.progress import progress
from zmward.doors.host import Door
from zmward.doors.log_files import FOLDERS, LIVE, LogFiles, named
from zmward.doors.own_addresses import own_addresses, zone
from zmward.engine.log_looks import looked_at
from zmward.errors import BadFile, Incomplete, Unreachable, Usage
from zmward.evidence import Evidence, merge
from zmward.profile import Profile

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


class Wanted(msgspec.Struct, frozen=True):
    """What the command line names."""

    host: str | None
    files: tuple[str, ...]
    folders: tuple[str, ...]
    evidence: tuple[str, ...]
    trusted: tuple[str, ...]
    timezone: str | None
    since: float
    quiet: bool


class Place(msgspec.Struct):
    """The logs, opened, and how to read them."""

    name: str
    files: LogFiles
    paths: tuple[str, ...]
    zone: tzinfo
    trusted: tuple[str, ...]
    lines: int | None = None


def beginning(text: str | None, now: datetime) -> float:
    """Return the begin: a span such as 24h, 7d or 2w back, or a date."""
    if text is None:
        return 0.0
    span = _SPAN.fullmatch(text)
    if span:
        back = timedelta(**{_UNITS[span[2]]: int(span[1])})
        return (now - back).timestamp()
    try:
        found = time(text)
    except Usage:
        found = None
    if found is None:
        raise Usage(f"--since {text!r} is no time: write 24h, 7d, 2w or 2026-11-21.")
    return found.timestamp()


def opened_logs(
    files: tuple[str, ...], folders: tuple[str, ...], since: float
) -> LogFiles:
    """Return the logs that are named, or this server's own; Incomplete for none."""
    found = LogFiles()
    for name in files:
        path = Path(name)
        log = named(path)
        if log is None:
            names = ", ".join(dict.fromkeys(name for name, _ in LIVE))
            raise BadFile(
                f"{name} is no log by its name: call it like the original, "
                f"audit.log-old for example. Known are {names}."
            )
        _there(path, stat.S_ISREG, "file")
        found.open(path, log)
    places = tuple(map(Path, folders)) if folders else () if files else FOLDERS
    for folder in places:
        if folders:
            _there(folder, stat.S_ISDIR, "folder")
        found.folder(folder, since)
    if not found.opened:
        where = f" in {', '.join(map(str, places))}" if places else ""
        notes = "; ".join(found.notes) or f"there are none{where}"
        if since and not found.notes:
            notes += " that were written since"
        raise Incomplete(f"No log could be read: {notes}.")
    looked_at(found)
    return found


def _there(path: Path, right: Callable[[int], bool], word: str) -> None:
    """Refuse what somebody names that is not there, or is something else."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    if not right(mode):
        raise BadFile(f"{path} cannot be read: it is no {word}.")


def followed(named: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the folders whose logs are followed: those named, or this server's."""
    for folder in map(Path, named):
        _there(folder, stat.S_ISDIR, "folder")
    amiss = []
    for folder in map(Path, named) if named else FOLDERS:
        try:
            next(folder.iterdir(), None)
        except FileNotFoundError:
            continue
        except OSError as error:
            amiss.append(f"{folder} cannot be read: {error.strerror}")
    if named and amiss:
        raise BadFile(f"{'; '.join(amiss)}.")
    found = tuple(map(Path, named)) or FOLDERS
    if not any(one.is_dir() for one in found):
        raise Incomplete("No log can be followed: there is no folder of logs.")
    if len(amiss) == len(found):
        raise Incomplete(f"No log can be followed: {'; '.join(amiss)}.")
    return found


def trusted_by(site: Profile, more: tuple[str, ...], *, here: bool) -> tuple[str, ...]:
    """Return whose word about others is taken, by the profile and the command line."""
    own = own_addresses() if here else ()
    named = (*site.logs.trusted, *site.networks.proxies, *site.firewall.cluster)
    return (*own, *named, *more)


def _asked(way: Door, *, quiet: bool) -> Evidence:
    from zmward.cli.main import own_version
    from zmward.engine.collect import collect
    from zmward.logs.trust import NEEDED
    from zmward.sources.identity import IDENTITY

    silent = quiet or not sys.stderr.isatty()
    with progress(f"asking {way.name}", silent=silent) as moved:
        return collect(way, (IDENTITY, *NEEDED), own_version(), moved)


def _recorded(paths: tuple[str, ...]) -> Evidence:
    from zmward.cli.audit import stored

    return merge(stored(Path(path)) for path in paths)


def _believed(evidence: Evidence, site: Profile) -> tuple[tuple[str, ...], list[str]]:
    # What is needed for a node's own belief alone; a report on files needs none of it.
    from zmward.facts import Facts
    from zmward.finding import moment
    from zmward.logs.trust import trusted

    facts = Facts(evidence, site, moment(evidence.when))
    found, note = trusted(facts)
    return found, [note] if note else []


def local_zone(name: str | None) -> tzinfo:
    """Return the zone of a name, or the machine's own; Usage for none."""
    found = zone(name)
    if found is None:
        raise Usage(f"--timezone {name!r} is none: write Europe/Rome.")
    return found


def _near(wanted: Wanted, site: Profile, at: tzinfo) -> Place:
    files = opened_logs(wanted.files, wanted.folders, wanted.since)
    believed, notes = whom(wanted, site)
    files.notes += notes
    return Place(
        name=gethostname(),
        files=files,
        paths=tuple(str(one.path) for one in files.opened),
        zone=at,
        trusted=believed,
    )


def whom(wanted: Wanted, site: Profile) -> tuple[tuple[str, ...], list[str]]:
    """Return whose word is taken about logs that lie here, and what is amiss there."""
    here = not wanted.files and not wanted.folders
    believed: tuple[str, ...] = ()
    notes: list[str] = []
    if wanted.evidence:
        believed, notes = _believed(_recorded(wanted.evidence), site)
    elif here:
        believed, notes = _own(site, quiet=wanted.quiet)
    return (*believed, *trusted_by(site, wanted.trusted, here=here)), notes


def _own(site: Profile, *, quiet: bool) -> tuple[tuple[str, ...], list[str]]:
    """Return whom this node trusts; a log server is no node, and trusts itself."""
    try:
        return _believed(_asked(door(None), quiet=quiet), site)
    except Unreachable as error:
        return (), [str(error)]


def _far(wanted: Wanted, site: Profile, room: Path) -> Place:
    if wanted.files or wanted.folders:
        raise Usage("--host reads the logs of that host: leave --file and --dir out.")
    from zmward.doors.far_logs import fetch

    way = door(wanted.host)
    evidence = (
        _recorded(wanted.evidence)
        if wanted.evidence
        else _asked(way, quiet=wanted.quiet)
    )
    believed, notes = _believed(evidence, site)
    silent = wanted.quiet or not sys.stderr.isatty()
    with progress(f"reading the logs of {way.name}", silent=silent):
        far = fetch(way, room, wanted.since)
    far.files.notes += notes
    return Place(
        name=next(iter(evidence.hosts), way.name),
        files=far.files,
        paths=far.paths,
        zone=local_zone(wanted.timezone) if wanted.timezone else far.zone,
        trusted=(*believed, *trusted_by(site, wanted.trusted, here=False)),
        lines=far.lines,
    )


@contextmanager
def place(wanted: Wanted, site: Profile) -> Iterator[Place]:
    """Open the logs; what came from a far host is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="zmward-logs-") as room:
        if wanted.host is None:
            at = _near(wanted, site, local_zone(wanted.timezone))
        else:
            at = _far(wanted, site, Path(room))
        try:
            yield at
        finally:
            at.files.close()


def until(now: datetime) -> float:
    """Return the end: clocks of a cluster differ, and a stamp may be of tomorrow."""
    return now.timestamp() + 86_400
