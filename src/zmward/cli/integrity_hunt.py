"""`zmward integrity hunt`: what has no place on a Zimbra server; it changes nothing."""

from datetime import UTC
from pathlib import Path
from typing import Any

import click

from zmward.cli.integrity_place import FORMATS, SHARED, Asked, own
from zmward.cli.main import own_version
from zmward.cli.options import common, write
from zmward.cli.screen import screen
from zmward.reports.plain import in_json


@click.command("hunt", help="What has no place on a Zimbra server.")
@common(*SHARED)
@own("root", "hurry")
@click.option("--save", metavar="DIR", help="Keep what was found in a tar there.")
@click.option("--format", "form", type=click.Choice(FORMATS), default=None)
@click.option("--json", "as_json", is_flag=True, help="As zmward.hunt/1.")
@click.option("--all", "everything", is_flag=True, help="Every path.")
@click.option("--output", metavar="FILE", help="Write it there, mode 0600.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    save: str | None,
    form: str | None,
    as_json: bool,
    everything: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Print what was found; 1 for an alarm, 3 for places that were not seen."""
    from zmward.engine.custody import keep
    from zmward.engine.hunt import hunt
    from zmward.i18n import Speaker, mark
    from zmward.reports import hunt_text as report

    asked = Asked(ctx, shared)
    saved = None
    with asked.place() as place:
        place.require_zimbra()
        found = hunt(place)
        files = [one.path for one in found.hits if one.path.startswith("/")]
        if save is not None and files:
            kept = keep(place, Path(save), files, asked.now, own_version())
            saved = report.SavedShown(kept.path, kept.digest, kept.files)
        host = place.host().name
    notes = []
    if found.trouble:
        what = mark("{trouble}: what belongs to no package was not looked for")
        notes.append(Speaker()(what).format(trouble=found.trouble))
    if not found.live:
        notes.append(Speaker()(mark("processes are looked at on a running host only")))
    document = report.HuntShown(
        schema=report.SCHEMA,
        host=host,
        when=asked.now.astimezone(UTC).isoformat(timespec="seconds"),
        files=found.files,
        processes=found.live,
        found=report.shown(found.hits, Speaker()),
        unread=tuple(report.NotSeenShown(path, why) for path, why in found.missed),
        notes=tuple(notes),
        saved=saved,
    )
    if as_json or form == "json":
        write(in_json(report.render(document)), output)
        return found.code
    if form == "html":
        from zmward.reports.html.integrity_page import hunted

        write(hunted(document), output)
        return found.code
    terminal = screen(color=asked.color and output is None)
    text = report.text(
        document,
        width=terminal.width,
        color=terminal.color,
        encoding=terminal.encoding,
        everything=everything,
    )
    write(text, output)
    return found.code
