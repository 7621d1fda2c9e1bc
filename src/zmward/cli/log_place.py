"""Where the logs of a report come from, and whose word in them is taken.

Files and folders that are named are read as they are. Without any, this node's own logs
are read, or with --host those of a far one; then the node is also asked whom it trusts.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from socket import gethostname

import msgspec

from zmward.cli.audit import stored
from zmward.cli.main import own_version
from zmward.cli.options import door
from zmward.cli.progress import progress
from zmward.doors.far_logs import fetch
from zmward.doors.host import Door
from zmward.doors.log_files import FOLDERS, LogFiles, named
from zmward.doors.own_addresses import own_addresses, zone
from zmward.engine.collect import collect
from zmward.errors import BadFile, Incomplete, Unreachable, Usage
from zmward.evidence import Evidence, merge
from zmward.facts import Facts
from zmward.finding import moment
from zmward.logs.trust import NEEDED, trusted
from zmward.profile import Profile
from zmward.sources.identity import IDENTITY


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


def _opened(wanted: Wanted) -> LogFiles:
    found = LogFiles()
    for name in wanted.files:
        path = Path(name)
        log = named(path)
        if log is None:
            raise BadFile(
                f"{name} is no log by its name: call it like the original, "
                "audit.log-old for example."
            )
        if not path.is_file():
            raise BadFile(f"{name} cannot be read: it is no file.")
        found.open(path, log)
    own = () if wanted.files else FOLDERS
    for folder in map(Path, wanted.folders) if wanted.folders else own:
        if wanted.folders and not folder.is_dir():
            raise BadFile(f"{folder} cannot be read: it is no folder.")
        found.folder(folder, wanted.since)
    if not found.opened:
        notes = "; ".join(found.notes) or "there are none"
        raise Incomplete(f"No log could be read: {notes}.")
    return found


def _asked(way: Door, *, quiet: bool) -> Evidence:
    silent = quiet or not sys.stderr.isatty()
    with progress(f"asking {way.name}", silent=silent) as moved:
        return collect(way, (IDENTITY, *NEEDED), own_version(), moved)


def _believed(evidence: Evidence, site: Profile) -> tuple[tuple[str, ...], list[str]]:
    facts = Facts(evidence, site, moment(evidence.when))
    found, note = trusted(facts)
    return found, [note] if note else []


def _zone(name: str | None) -> tzinfo:
    found = zone(name)
    if found is None:
        raise Usage(f"--timezone {name!r} is none: write Europe/Rome.")
    return found


def _of_profile(site: Profile) -> Sequence[str]:
    return (*site.logs.trusted, *site.networks.proxies, *site.firewall.cluster)


def _near(wanted: Wanted, site: Profile, at: tzinfo) -> Place:
    files = _opened(wanted)
    believed: tuple[str, ...] = ()
    notes: list[str] = []
    if wanted.evidence:
        recorded = merge(stored(Path(path)) for path in wanted.evidence)
        believed, notes = _believed(recorded, site)
    elif not wanted.files and not wanted.folders:
        believed, notes = _own(site, quiet=wanted.quiet)
    files.notes += notes
    return Place(
        name=gethostname(),
        files=files,
        paths=tuple(str(one.path) for one in files.opened),
        zone=at,
        trusted=(*believed, *_of_profile(site), *wanted.trusted),
    )


def _own(site: Profile, *, quiet: bool) -> tuple[tuple[str, ...], list[str]]:
    """Return whom this node trusts; a log server is no node, and trusts itself."""
    try:
        believed, notes = _believed(_asked(door(None), quiet=quiet), site)
    except Unreachable as error:
        return own_addresses(), [str(error)]
    return (*own_addresses(), *believed), notes


def _far(wanted: Wanted, site: Profile, room: Path) -> Place:
    if wanted.files or wanted.folders:
        raise Usage("--host reads the logs of that host: leave --file and --dir out.")
    way = door(wanted.host)
    evidence = (
        merge(stored(Path(path)) for path in wanted.evidence)
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
        zone=_zone(wanted.timezone) if wanted.timezone else far.zone,
        trusted=(*believed, *_of_profile(site), *wanted.trusted),
        lines=far.lines,
    )


@contextmanager
def place(wanted: Wanted, site: Profile) -> Iterator[Place]:
    """Open the logs; what came from a far host is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="zmward-logs-") as room:
        if wanted.host is None:
            at = _near(wanted, site, _zone(wanted.timezone))
        else:
            at = _far(wanted, site, Path(room))
        try:
            yield at
        finally:
            at.files.close()


def until(now: datetime) -> float:
    """Return the end: clocks of a cluster differ, and a stamp may be of tomorrow."""
    return now.timestamp() + 86_400
