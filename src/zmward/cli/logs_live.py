"""`zmward logs report --follow`: the report on a screen that goes on with the logs."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC

import click
import msgspec

from zmward.cli.log_place import (
    Wanted,
    followed,
    local_zone,
    opened_logs,
    whom,
)
from zmward.cli.options import write
from zmward.cli.progress import progress
from zmward.cli.screen import Screen, screen
from zmward.engine.live_logs import Live, begun
from zmward.engine.log_pieces import Asked
from zmward.errors import Usage
from zmward.i18n import Speaker, mark
from zmward.logs.report import LogReport
from zmward.profile import Profile
from zmward.reports.plain import in_json, plain

_EVERY = 1.0
# Of our time, making the screen takes at most this share.
_SHARE = 10
_ENDS = (signal.SIGTERM, signal.SIGINT)

Shown = Callable[[LogReport], None]


def fit(
    wanted: Wanted, form: str, output: str | None, *, with_lines: bool, in_form: bool
) -> None:
    """Refuse what a report that goes on cannot do; Usage names the other way."""
    if wanted.host is not None:
        raise Usage("--follow with --host has not landed: run it there.")
    if wanted.files:
        raise Usage("--follow reads folders, whose logs are rotated: say --dir.")
    if form == "html" or with_lines or output is not None:
        raise Usage(
            "--follow draws on the terminal, or with --json a line for each report: "
            "leave --format html, --with-lines and --output out."
        )
    if not in_form and not sys.stdout.isatty():
        raise Usage("--follow draws on a terminal, and here is none: say --json.")


def _line(found: LogReport) -> None:
    from zmward.reports.logs_json import SCHEMA

    fields = {"schema": SCHEMA, **msgspec.to_builtins(found)}
    click.echo(in_json(msgspec.json.encode(fields).decode()))


def _text(found: LogReport, seen: Screen) -> str:
    from zmward.reports import logs_text

    return logs_text.render(
        found, width=seen.width, color=seen.color, encoding=seen.encoding
    )


@contextmanager
def _drawing(*, color: bool) -> Iterator[Shown]:
    """Draw on a screen of our own; what was drawn last stays when it is left."""
    from rich.console import Console
    from rich.live import Live as Drawn
    from rich.text import Text

    last, say = "", Speaker()
    seen = screen(color=color)
    console = Console(highlight=False, no_color=not seen.color)

    def draw(found: LogReport) -> None:
        nonlocal last
        last = _text(found, screen(color=color))
        rows = last.splitlines()[: console.height - 1]
        at = say(mark("{time}, Ctrl-C ends it")).format(time=time.strftime("%H:%M:%S"))
        text = Text("\n", no_wrap=True, overflow="crop").join(
            Text.from_ansi(row) for row in (*rows, at)
        )
        drawn.update(text, refresh=True)

    with Drawn(console=console, screen=True, auto_refresh=False) as drawn:
        yield draw
    write(last, None)


@contextmanager
def _printing() -> Iterator[Shown]:
    yield _line


def _until_ended(live: Live, shown: Callable[[], None]) -> int:
    """Look once a second, show what is new; return the signal that ended it."""
    due, stale = 0.0, True
    while True:
        new, more = live.look()
        stale |= new
        now = time.monotonic()
        if stale and now >= due:
            shown()
            took = time.monotonic() - now
            due, stale = now + max(_EVERY, took * _SHARE), False
        ended = signal.sigtimedwait(_ENDS, 0 if more else _EVERY)
        if ended is not None:
            live.rest()
            shown()
            return ended.si_signo


def run(
    wanted: Wanted, site: Profile, end: float, *, color: bool, in_form: bool
) -> int:
    """Show the report until SIGTERM (0) or Ctrl-C (130)."""
    zone = local_zone(wanted.timezone)
    believed, notes = whom(wanted, site)
    asked = Asked(zone, believed, wanted.since, end)
    folders = followed(wanted.folders)
    try:
        files, follow = begun(
            folders, asked, lambda: opened_logs((), wanted.folders, wanted.since)
        )
    except ValueError as error:
        raise Usage(f"--trusted: {plain(str(error))}.") from error
    files.notes += notes
    live = Live(files, follow, asked, site.logs)
    try:
        silent = wanted.quiet or not sys.stderr.isatty()
        with progress("reading the logs", silent=silent):
            live.past()
        # A signal waits until what was counted is shown.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
        way = _printing() if in_form else _drawing(color=color)
        with way as shown:
            ended = _until_ended(
                live, lambda: shown(live.report(UTC if in_form else zone))
            )
    finally:
        live.close()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
    return 128 + ended if ended == signal.SIGINT else 0
