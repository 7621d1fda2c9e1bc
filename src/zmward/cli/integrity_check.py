"""`zmward integrity check`: what changed since the baseline, and what is odd in it."""

from typing import Any

import click

from zmward.cli.integrity_place import FORMATS, SHARED, Asked, own
from zmward.cli.options import common, write
from zmward.cli.screen import screen
from zmward.reports.plain import in_json


@click.command("check", help="What changed since, and what nothing explains.")
@common(*SHARED)
@own("root", "keys", "expect", "hurry")
@click.option("--quick", is_flag=True, help="Read what moved, and a sample.")
@click.option("--format", "form", type=click.Choice(FORMATS), default=None)
@click.option("--json", "as_json", is_flag=True, help="As zmward.integrity/1.")
@click.option("--all", "everything", is_flag=True, help="Every path.")
@click.option("--output", metavar="FILE", help="Write it there, mode 0600.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    quick: bool,
    form: str | None,
    as_json: bool,
    everything: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Print what changed; 1 for an alarm, 3 for places that were not seen."""
    from zmward.engine.integrity_work import check
    from zmward.reports.integrity_json import checked, render
    from zmward.reports.integrity_text import render as as_text

    asked = Asked(ctx, shared)
    with asked.place() as place:
        found = check(place, asked.wish(), quick=quick)
    shown = checked(found)
    if as_json or form == "json":
        write(in_json(render(shown)), output)
        return found.code
    if form == "html":
        from zmward.reports.html.integrity_page import checked as as_html

        write(as_html(shown), output)
        return found.code
    terminal = screen(color=asked.color and output is None)
    text = as_text(
        shown,
        width=terminal.width,
        color=terminal.color,
        encoding=terminal.encoding,
        everything=everything,
    )
    write(text, output)
    return found.code
