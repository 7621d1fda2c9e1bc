"""`zmward integrity check`: what changed since the baseline, and what is odd in it."""

from typing import Any

import click

from zmward.cli.integrity_place import FORMATS, SHARED, Asked, own
from zmward.cli.options import common, write


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
    from zmward.engine.integrity_record import keep, refusals
    from zmward.engine.integrity_work import check
    from zmward.reports.integrity_json import checked

    asked = Asked(ctx, shared)
    with asked.place() as place:
        wish = asked.wish()
        with refusals(asked.root, wish, quick=quick):
            found = check(place, wish, quick=quick)
        asked.warn(keep(asked.root, wish, found))
    shown = checked(found)
    if form == "html" and not as_json:
        from zmward.reports.html.integrity_page import checked as as_html

        write(as_html(shown), output)
        return found.code
    as_json = as_json or form == "json"
    asked.say(shown, as_json=as_json, everything=everything, output=output)
    return found.code
