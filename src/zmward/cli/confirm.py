"""`zmward confirm`: keeps a run and removes its dead man's switch."""

import click

from zmward.cli.options import common, given
from zmward.cli.place import place
from zmward.cli.repairing import fresh, tell
from zmward.engine.confirm import confirm
from zmward.engine.history import past
from zmward.engine.lock import locked
from zmward.engine.state import known
from zmward.reports.plain import in_json
from zmward.reports.run_json import render as as_document
from zmward.reports.run_words import SAMPLE, RunReport


@click.command("confirm", help="Keep a run: from a login made after the change.")
@common("host")
@click.argument("run", metavar="RUN")
@click.option("--console", is_flag=True, help="You sit at the machine itself.")
@click.option("--demo", "sample", is_flag=True, help="On the sample server.")
@click.option("--json", "as_json", is_flag=True, help="The result as zmward.run/1.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    run: str,
    console: bool,
    sample: bool,
    as_json: bool,
    host: object,
) -> int:
    """Disarm the switch of a run."""
    wanted = known(run)
    with place(given(ctx, "host", host), sample=sample) as here:
        way = fresh(here.door)
        with locked(way):
            confirm(way, wanted, console=console)
        state = past(here.door, wanted).state
        report = RunReport("confirm", run, here.name, sample, state)
    if as_json:
        tell(in_json(as_document(report)), end="")
        return 0
    if sample:
        tell(SAMPLE)
    tell(f"run {run}: kept, its switch is removed")
    tell(f"  to take it back all the same: {here.way.typed('rollback', run)}")
    return 0
