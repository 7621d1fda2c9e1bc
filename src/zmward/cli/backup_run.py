"""`zmward backup run`: makes a backup, and stores it in a repository."""

import sys
from datetime import UTC, datetime
from typing import Any

import click

from zmward.backup_places import Backups, Copy
from zmward.cli.main import own_version
from zmward.cli.options import common, given, language, profile, write
from zmward.cli.progress import progress
from zmward.cli.screen import screen
from zmward.errors import Usage
from zmward.reports.plain import in_json, plain

_OPTIONS = ("host", "profile", "lang", "quiet", "no_color")
_ENGINES = ("restic", "borg")


def _copy(site: Backups, name: str) -> Copy:
    """Return the copy to store into: the one named, or the first that can be."""
    fit = [one for one in site.copy if one.kind in _ENGINES]
    for one in site.copy if name else fit:
        if name in {"", one.name}:
            return one
    known = ", ".join(one.name for one in fit) or "none"
    raise Usage(
        f"There is no copy {name!r} to store into: the profile names {known} of the "
        "kinds restic and borg."
        if name
        else "The profile names no repository of restic's or borg's to store into: "
        "add one as [[backups.copy]]."
    )


@click.command("run", help="Store directory, configuration, databases and accounts.")
@common(*_OPTIONS)
@click.option("--copy", "name", metavar="NAME", default="", help="Of the profile.")
@click.option(
    "--only", metavar="PART,…", help="Some of ldap, config, mariadb, accounts."
)
@click.option("--account", metavar="PATTERN", default="*", help="Which accounts.")
@click.option("--json", "as_json", is_flag=True, help="As zmward.backup-run/1.")
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
    """Print what was stored; 0 for all of it, 3 for a part of it, or nothing."""
    from rich.markup import escape

    from zmward.doors.host import Local
    from zmward.doors.zimbra_host import ZimbraHost
    from zmward.engine.backup_run import PARTS, Wanted, back_up
    from zmward.reports.backup_run_text import document, render

    options = {name: given(ctx, name, shared[name]) for name in _OPTIONS}
    if options["host"]:
        raise Usage("--host has not landed for backups: run it on the server.")
    language(options["lang"])
    copy = _copy(profile(options["profile"]).backups, name)
    parts = tuple(only.split(",")) if only is not None else PARTS
    if not set(parts) <= set(PARTS):
        raise Usage(f"--only {only!r}: write some of {', '.join(PARTS)}.")
    wanted = Wanted(datetime.now(UTC), own_version(), parts, account)
    silent = bool(options["quiet"]) or not sys.stderr.isatty()
    with progress(f"storing into {copy.name}", silent=silent) as moved:

        def step(done: int, total: int, about: str) -> None:
            # Names of accounts come from the directory, whoever wrote them there.
            moved(done, total, escape(plain(about, 60)))

        told = back_up(ZimbraHost(Local()), copy, wanted, step)
    if as_json:
        text = in_json(document(told))
    else:
        shown = screen(color=not options["no_color"] and output is None)
        text = render(
            told, width=shown.width, color=shown.color, encoding=shown.encoding
        )
    write(text, output)
    stored = any(piece.outcome == "stored" for piece in told.pieces)
    return 0 if told.whole and stored else 3
