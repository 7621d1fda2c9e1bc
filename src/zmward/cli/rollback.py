"""`zmward rollback`: takes a run back, newest change first."""

import click

from zmward.cli.options import common, door, given
from zmward.cli.repairing import agreed, tell, working
from zmward.engine.lock import locked
from zmward.engine.rollback import roll_back
from zmward.engine.state import known, plan_of
from zmward.errors import NotUndone, Refused

_WORDS = {
    "undone": "taken back",
    "as-before": "already as before",
    "kept": "left alone",
    "stays": "stays",
    "not-undone": "NOT taken back",
}


@click.command("rollback", help="Take a run back; what others changed is left alone.")
@common("host", "quiet")
@click.argument("run", metavar="RUN")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(ctx: click.Context, /, *, run: str, yes: bool, **shared: object) -> int:
    """Take the run back and say what became of each change."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    way, wanted = door(options["host"]), known(run)
    plan_of(way, wanted)
    if not agreed(f"Take back the run {run} on {way.name}?", yes=yes):
        raise Refused("Not agreed, nothing was changed; --yes agrees beforehand.")
    quiet, goes_on = bool(options["quiet"]), "what was begun is taken back to its end"
    with working(way, quiet=quiet, stopping=goes_on) as site, locked(way):
        taken = roll_back(site, wanted)
    for one in taken.steps:
        note = f": {one.note}" if one.note else ""
        tell(f"{_WORDS[one.fate]:<18} {one.name}{note}")
    if not taken.complete:
        raise NotUndone("; ".join(taken.failures) or f"run {run}: not all taken back.")
    return 1 if any(one.fate == "kept" for one in taken.steps) else 0
