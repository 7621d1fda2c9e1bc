"""`zmward logs follow`: logins and attacks as they are written, until it is ended."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from zmward.cli.log_place import followed, trusted_by
from zmward.cli.options import common, given, language, profile
from zmward.cli.own_folder import ours
from zmward.doors.own_addresses import zone
from zmward.engine.event_log import EventLog
from zmward.engine.follow_logs import Follow, Progress
from zmward.engine.state import digest, root
from zmward.errors import Usage
from zmward.logs import compact
from zmward.logs.event import Event
from zmward.reports import logs_lines
from zmward.reports.plain import plain

_EVERY = 1.0
_ENDS = (signal.SIGTERM, signal.SIGINT)


def _state(events: Path) -> Path:
    name = digest(str(events.absolute()).encode())[:12]
    return Path(root()) / "follow" / name


def _kept(log: EventLog, follow: Follow, found: Sequence[Event]) -> None:
    text = "".join(f"{compact.line(event)}\n" for event in found)
    log.append(text.encode("ascii"), follow.progress())


def _until_ended(follow: Follow, told: Callable[[Sequence[Event]], None]) -> int:
    """Look once a second; return the signal that ended it."""
    while True:
        found, more = follow.look()
        told(found)
        for note in follow.notes():
            click.echo(f"zmward: {plain(note)}", err=True)
        ended = signal.sigtimedwait(_ENDS, 0 if more else _EVERY)
        if ended is not None:
            return ended.si_signo


def _run(
    folders: Sequence[Path],
    asked: tuple[Any, tuple[str, ...]],
    told: Callable[[Sequence[Event]], None],
    log: EventLog | None,
) -> int:
    before: Progress | None = log.progress() if log else None
    follow = Follow(folders, asked, before)
    # A signal waits until what was read is kept.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        if not follow.watched():
            places = ", ".join(map(str, folders))
            click.echo(f"zmward: no log yet in {places}; waiting.", err=True)
        if log:
            ended = _until_ended(follow, lambda found: _kept(log, follow, found))
        else:
            ended = _until_ended(follow, told)
            told(follow.rest())
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
        follow.close()
    return 128 + ended if ended == signal.SIGINT else 0


@click.command("follow", help="Logins and attacks as they are written.")
@click.option("--dir", "folders", multiple=True, metavar="DIR", help="Its logs.")
@click.option(
    "--trusted", multiple=True, metavar="ADDRESS", help="A proxy or MTA of yours."
)
@click.option("--timezone", metavar="ZONE", help="The zone of the logs' own times.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--events", metavar="FILE", help="Append to this event log instead; go on there."
)
@common("profile", "lang")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    folders: tuple[str, ...],
    trusted: tuple[str, ...],
    timezone: str | None,
    as_json: bool,
    events: str | None,
    **shared: Any,
) -> int:
    """Follow the logs until SIGTERM (0) or Ctrl-C (130)."""
    if given(ctx, "host"):
        raise Usage("--host has not landed for logs follow: run it there.")
    if events and as_json:
        raise Usage(
            "--json and --events exclude each other: the event log has one form."
        )
    language(given(ctx, "lang", shared["lang"]))
    local = zone(timezone)
    if local is None:
        raise Usage(f"--timezone {timezone!r} is none: write Europe/Rome.")
    site = profile(given(ctx, "profile", shared["profile"]))
    known = trusted_by(site, trusted, here=not folders)
    log = None
    if events:
        path = Path(events)
        ours(path.parent)
        state = _state(path)
        ours(state.parent)
        log = EventLog(path, state)

    def told(found: Sequence[Event]) -> None:
        for event in found:
            line = (
                logs_lines.as_json(event) if as_json else logs_lines.text(event, local)
            )
            click.echo(line)

    try:
        return _run(followed(folders), (local, known), told, log)
    except ValueError as error:
        raise Usage(f"--trusted: {plain(str(error))}.") from error
    finally:
        if log:
            log.close()
