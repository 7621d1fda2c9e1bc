"""`zmward backup check`: are there backups, and would they do."""

import os
import sys
from datetime import UTC, datetime
from typing import Any

import click

from zmward.cli.options import common, door, given, language, profile, time, write
from zmward.cli.progress import progress
from zmward.cli.screen import screen
from zmward.reports.plain import in_json

_OPTIONS = ("host", "profile", "now", "lang", "quiet", "no_color")


def exit_code(states: set[str]) -> int:
    """Return 3 for anything unknown, 1 for anything bad, else 0."""
    return 3 if "unknown" in states else 1 if "bad" in states else 0


@click.command("check", help="Age, size, gaps, retention and key of each backup.")
@common(*_OPTIONS)
@click.option("--json", "as_json", is_flag=True, help="As zmward.backups/1.")
@click.option("--output", metavar="FILE", help="Write it there, mode 0600.")
@click.pass_context
def command(
    ctx: click.Context, /, *, as_json: bool, output: str | None, **shared: Any
) -> int:
    """Print how each backup stands; 3 for anything unknown, 1 for bad, else 0."""
    from zmward.engine.backup_listing import looked
    from zmward.engine.check_record import keep
    from zmward.reports.backups_text import document, render

    options = {name: given(ctx, name, shared[name]) for name in _OPTIONS}
    language(options["lang"])
    site = profile(options["profile"])
    way = door(options["host"])
    now = time(options["now"]) or datetime.now(UTC)
    silent = bool(options["quiet"]) or not sys.stderr.isatty()
    with progress(f"asking {way.name}", silent=silent) as moved:
        listings, found = looked(way, site, now, moved)
    if as_json:
        when = now.astimezone(UTC).isoformat(timespec="seconds")
        text = in_json(document(found, listings, way.name, when))
    else:
        shown = screen(color=not options["no_color"] and output is None)
        text = render(
            found,
            listings,
            way.name,
            width=shown.width,
            color=shown.color,
            encoding=shown.encoding,
        )
    write(text, output)
    # Only what was seen here and now is evidence for an audit of this host.
    if not options["host"] and not options["now"] and os.geteuid() == 0:
        keep(listings, found, now)
    return exit_code({one.state for one in found})
