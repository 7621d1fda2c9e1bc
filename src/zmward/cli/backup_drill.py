"""`zmward backup drill`: does a backup restore; for real, beside everything."""

import sys
from datetime import UTC, datetime
from typing import Any

import click

from zmward.cli.backup_check import exit_code
from zmward.cli.main import own_version
from zmward.cli.options import common, given, language, profile, write
from zmward.cli.progress import progress
from zmward.cli.screen import screen
from zmward.errors import Usage
from zmward.reports.plain import in_json

_OPTIONS = ("host", "profile", "lang", "quiet", "no_color")


@click.command("drill", help="Restore a backup beside everything, and remember it.")
@common(*_OPTIONS)
@click.option("--copy", "name", metavar="NAME", default="", help="Of the profile.")
@click.option("--only", metavar="PART,…", help="Some of ldap, mariadb, account.")
@click.option(
    "--account", metavar="PATTERN", default="", help="Which account; any one if not."
)
@click.option("--json", "as_json", is_flag=True, help="As zmward.drill/1.")
@click.option("--output", metavar="FILE", help="Write it there, mode 0600.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    name: str,
    only: str | None,
    account: str,
    as_json: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Print how the restore went; 3 for anything unknown, 1 for bad, else 0."""
    from zmward.backup_places import SUBJECTS
    from zmward.doors.host import Local
    from zmward.engine.drill import Asked, rehearse, subjects
    from zmward.engine.drill_record import keep
    from zmward.reports.drill_text import document, render

    options = {name: given(ctx, name, shared[name]) for name in _OPTIONS}
    if options["host"]:
        raise Usage("--host has not landed for a drill: run it where it may restore.")
    language(options["lang"])
    site = profile(options["profile"])
    asked = Asked(
        when=datetime.now(UTC),
        version=own_version(),
        copy=name,
        only=subjects(only) if only is not None else SUBJECTS,
        account=account,
    )
    silent = bool(options["quiet"]) or not sys.stderr.isatty()
    with progress("rehearsing a restore", silent=silent) as moved:
        record = rehearse(Local(), site.backups, asked, moved)
    # What told nothing must not take the place of a drill that did, and a drill of
    # some parts must not hide that the others never restored.
    if asked.only == SUBJECTS and {part.state for part in record.parts} != {"unknown"}:
        keep(record)
    if as_json:
        text = in_json(document(record))
    else:
        shown = screen(color=not options["no_color"] and output is None)
        text = render(
            record, width=shown.width, color=shown.color, encoding=shown.encoding
        )
    write(text, output)
    return exit_code({part.state for part in record.parts})
