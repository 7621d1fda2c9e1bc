"""`zmward rollback`: takes a run back, newest change first."""

import click

from zmward.cli.options import common, given
from zmward.cli.place import place
from zmward.cli.repairing import agreed, note, tell, working
from zmward.engine.history import past
from zmward.engine.lock import locked
from zmward.engine.rollback import Taken, roll_back
from zmward.engine.run_plan import plan_of
from zmward.engine.state import known
from zmward.errors import NotUndone, Refused
from zmward.i18n import Speaker
from zmward.reports.plain import in_json
from zmward.reports.run_json import render as as_document
from zmward.reports.run_words import Outcome, RunReport, rolled_back

_GOES_ON = "what was begun is taken back to its end"


def _code(taken: Taken, run: str) -> int:
    if not taken.complete:
        raise NotUndone("; ".join(taken.failures) or f"run {run}: not all taken back.")
    return 1 if any(one.fate == "kept" for one in taken.steps) else 0


@click.command("rollback", help="Take a run back; what others changed is left alone.")
@common("host", "quiet")
@click.argument("run", metavar="RUN")
@click.option("--demo", "sample", is_flag=True, help="On the sample server.")
@click.option("--json", "as_json", is_flag=True, help="The result as zmward.run/1.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    run: str,
    sample: bool,
    as_json: bool,
    yes: bool,
    **shared: object,
) -> int:
    """Take the run back and say what became of each change."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    wanted, quiet = known(run), bool(options["quiet"])
    with place(options["host"], sample=sample) as here:
        plan = plan_of(here.door, wanted)
        if not (quiet or yes):
            row = past(here.door, wanted)
            note(f"run {run}: {row.state}, {len(plan.steps)} changes, by {row.who}")
        if not agreed(f"Take back the run {run} on {here.name}?", yes=yes):
            raise Refused("Not agreed, nothing was changed; --yes agrees beforehand.")
        with (
            working(here, "taking back", quiet=quiet, stopping=_GOES_ON) as site,
            locked(here.door) as lock,
        ):
            site.held = lock.check
            taken = roll_back(site, wanted)
        report = RunReport(
            verb="rollback",
            run=run,
            host=here.name,
            sample=sample,
            state=past(here.door, wanted).state,
            changes=tuple(Outcome(s.name, s.fate, s.note) for s in taken.steps),
            failing=taken.failures,
        )
    if as_json:
        tell(in_json(as_document(report)), end="")
    else:
        for line in rolled_back(report, Speaker()):
            tell(line)
    return _code(taken, run)
