"""`zmward config log`: what was changed when, and by whom perhaps."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import click
import msgspec

from zmward.cli.config_place import opened
from zmward.cli.options import common, door, given, language
from zmward.configuration.authors import Edit, edits
from zmward.configuration.compare import Difference, differences, told
from zmward.configuration.history import Span
from zmward.configuration.history import told as with_candidates
from zmward.doors.edit_lines import Lines, edit_lines
from zmward.doors.host import Local
from zmward.doors.own_addresses import zone as named_zone
from zmward.engine.configuration_store import Commit, Store
from zmward.errors import BadFile, Incomplete, Usage
from zmward.logs.clock import Clock
from zmward.reports.config_json import LogShown, in_document
from zmward.reports.config_text import log_text
from zmward.reports.plain import in_json

_OPTIONS = ("host", "lang")
_NEVER = float("inf")
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\d \d\d:\d\d)(:\d\d)[,.](\d{3}) ")


class _Heard(msgspec.Struct, frozen=True):
    """What the logs told: writes, how far they reach back, and what is in doubt."""

    edits: tuple[Edit, ...]
    begin: float
    notes: tuple[str, ...]


def _begin(lines: Lines, clock: Clock) -> float:
    """Return the oldest first stamp of all files that were read."""
    found = [_NEVER]
    for line in lines.firsts:
        stamp = _STAMP.match(line)
        when = clock.log4j(stamp[1], stamp[2], stamp[3]) if stamp else None
        if when is not None:
            found.append(when)
    return min(found)


def _asked(options: dict[str, Any]) -> Lines:
    paths = tuple(options["files"])
    if paths and options["host"]:
        raise Usage("--host reads the logs of that host: leave --file out.")
    for path in paths:
        if not Path(path).is_file():
            raise BadFile(f"{path} cannot be read: it is no file.")
    absolute = tuple(str(Path(path).absolute()) for path in paths)
    return edit_lines(door(options["host"]) if options["host"] else Local(), absolute)


def _heard(options: dict[str, Any]) -> _Heard:
    zone = named_zone(options["timezone"])
    if zone is None:
        raise Usage(f"--timezone {options['timezone']!r} is none: write Europe/Rome.")
    try:
        lines = _asked(options)
    except Incomplete as error:
        return _Heard((), _NEVER, (str(error),))
    if not options["timezone"] and lines.zone is not None:
        zone = lines.zone
    notes = []
    if not lines.files:
        notes.append("no audit.log was read: --host or --file names one that tells who")
    if lines.unread:
        notes.append(f"{lines.unread} audit logs cannot be read")
    # Each file has an order of its own, so an hour that comes twice is not settled.
    found = tuple(edits(lines.lines, Clock(zone, 0.0)))
    return _Heard(found, _begin(lines, Clock(zone, 0.0)), tuple(notes))


def _spans(store: Store, count: int) -> Iterator[Span]:
    rows = store.log()
    by_id: dict[str, Commit] = {row.id: row for row in rows}
    # The earlier state of one snapshot is the later one of the next.
    files = lru_cache(2)(store.files)
    for row in rows[:count]:
        before = by_id.get(row.parent)
        found: tuple[Difference, ...] = ()
        if before is not None:
            found = told(differences(files(before.id), files(row.id)))
        since = None if before is None else before.when
        yield Span(row.id, row.author, since, row.when, found)


@click.command("log", help="What was changed when, and by whom perhaps.")
@common(*_OPTIONS)
@click.option("--repository", metavar="DIR", help="Where the history lies.")
@click.option("--file", "files", multiple=True, metavar="FILE", help="An audit.log.")
@click.option("--timezone", metavar="ZONE", help="Of the log's stamps: Europe/Rome.")
@click.option(
    "--number",
    type=click.IntRange(1, 10_000),
    default=20,
    metavar="N",
    help="The last N snapshots; 20 unless given.",
)
@click.option("--json", "as_json", is_flag=True, help="As zmward.config-log/1.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    repository: str | None,
    number: int,
    as_json: bool,
    **shared: Any,
) -> int:
    """Print the history; 3 where nothing tells who, else 0."""
    options = {**shared, **{n: given(ctx, n, shared[n]) for n in _OPTIONS}}
    language(options["lang"])
    store = opened(repository)
    heard = _heard(options)
    known = heard.begin != _NEVER
    found = LogShown(
        repository=str(store.folder),
        logs_from=_iso(heard.begin) if known else None,
        notes=heard.notes,
        snapshots=with_candidates(_spans(store, number), heard.edits, heard.begin),
    )
    if as_json:
        click.echo(in_json(in_document(found)))
    else:
        click.echo(log_text(found), nl=False)
    return 3 if heard.notes else 0


def _iso(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")
