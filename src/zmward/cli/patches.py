"""`zmward patches`: which holes are open, and by when each must be closed."""

from typing import Any

import click
from click.core import ParameterSource

from zmward.cli.main import own_version
from zmward.cli.options import common, write
from zmward.cli.patches_place import Judged, judged
from zmward.cli.patches_readiness import command as readiness
from zmward.cli.patches_update import command as update
from zmward.cli.screen import Screen, screen
from zmward.engine.catalog import active
from zmward.engine.holes import holes, needs
from zmward.errors import Incomplete, Usage
from zmward.patches.ledger import Ledger
from zmward.reports.plain import in_json

FORMATS = ("text", "json", "html", "vex")


def exit_code(ledger: Ledger) -> int:
    """Return 3 for anything unknown, 1 for whatever is open, old or failed, else 0."""
    if ledger.empty or ledger.unknown or ledger.hosts_missing:
        return 3
    catalog = ledger.catalog
    found = ledger.open or ledger.around or catalog.old or catalog.trouble
    return 1 if found else 0


def _render(
    ledger: Ledger, form: str, place: Judged, shown: Screen, *, all_: bool
) -> str:
    if form == "json":
        from zmward.reports.patches_json import render as as_json

        return in_json(as_json(ledger))
    if form == "html":
        from zmward.reports.html.patches_page import render as as_html

        return as_html(ledger)
    if form == "vex":
        if ledger.empty:
            raise Incomplete("No component of Zimbra was found: no VEX can be written.")
        from zmward.reports.patches_vex import render as as_vex

        return in_json(as_vex(ledger, place.now.isoformat(), own_version()))
    from zmward.reports.patches_text import render as as_text

    return as_text(
        ledger,
        width=shown.width,
        color=shown.color,
        encoding=shown.encoding,
        everything=all_,
    )


def _alone(ctx: click.Context) -> None:
    """Refuse options before a sub-verb, which would not reach it."""
    for option in ctx.command.params:
        if ctx.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE:
            raise Usage(
                f"{option.opts[-1]} stands before {ctx.invoked_subcommand}, where it "
                "has no effect: write it after, if that verb takes it."
            )


@click.group(
    "patches",
    help="Which holes are open, and by when each must be closed.",
    invoke_without_command=True,
)
@common("host", "profile", "now", "lang", "quiet", "no_color")
@click.option("--demo", "sample", is_flag=True, help="Judge the sample server.")
@click.option("--evidence", "paths", multiple=True, metavar="FILE", help="Recorded.")
@click.option("--format", "form", type=click.Choice(FORMATS), default=None)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--all", "everything", is_flag=True, help="Every hole, with its reason.")
@click.option("--output", metavar="FILE", help="Write the report there, mode 0600.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    form: str | None,
    as_json: bool,
    everything: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Print the holes, and return what they mean as an exit code."""
    if ctx.invoked_subcommand is not None:
        _alone(ctx)
        return 0
    place = judged(ctx, shared, lambda site: needs(active(site.patches)))
    ledger = holes(
        place.evidence, place.profile, place.now, active(place.profile.patches)
    )
    kind = "json" if as_json else form or "text"
    shown = screen(color=place.color and output is None)
    write(_render(ledger, kind, place, shown, all_=everything), output)
    return exit_code(ledger)


command.add_command(update)
command.add_command(readiness)
