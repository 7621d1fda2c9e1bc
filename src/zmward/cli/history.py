"""`zmward history`: the runs on a host: when, who, how much, and how each ended."""

from datetime import UTC, datetime

import click
import msgspec

from zmward.cli.options import common, given, write
from zmward.cli.place import Place, place
from zmward.cli.repairing import agreed, note, tell, who
from zmward.engine.history import history
from zmward.engine.keeping import abandon, forget_older, forget_one, stays_changed
from zmward.engine.lock import locked
from zmward.engine.state import known
from zmward.errors import Refused, Usage
from zmward.i18n import Speaker
from zmward.reports.plain import in_json
from zmward.reports.run_words import Row
from zmward.reports.run_words import past as as_text


def _forget(here: Place, name: str) -> None:
    with locked(here.door):
        forget_one(here.door, known(name))


def _abandon(here: Place, name: str, *, yes: bool) -> None:
    run = known(name)
    with locked(here.door):
        left = stays_changed(here.door, run)
        for line in left:
            note(f"stays changed: {line}")
        question = f"Put the run {run.id} aside with {len(left)} changes in place?"
        if not agreed(question, yes=yes):
            raise Refused("Not agreed, nothing was changed; --yes agrees beforehand.")
        where = abandon(here.door, run, who())
    tell(f"run {run.id}: put aside, its journal and old contents lie in {where}")


def _forget_older(here: Place, days: int) -> None:
    with locked(here.door):
        gone = forget_older(here.door, datetime.now(UTC), days)
    tell(f"{len(gone)} runs are forgotten{': ' if gone else ''}{', '.join(gone)}")


def _json(here: Place) -> str:
    rows = msgspec.to_builtins(history(here.door))
    shown = {"schema": "zmward.history/1", "host": here.name, "runs": rows}
    return in_json(msgspec.json.format(msgspec.json.encode(shown)).decode()) + "\n"


def _text(here: Place) -> str:
    rows = (
        Row(one.run, one.state, one.steps, one.when, one.who)
        for one in history(here.door)
    )
    lines = as_text(rows, here.way, datetime.now(UTC), Speaker())
    return "".join(f"{line}\n" for line in lines)


@click.command("history", help="List what zmward did on a host.")
@common("host")
@click.option("--demo", "sample", is_flag=True, help="On the sample server.")
@click.option("--json", "as_json", is_flag=True, help="As zmward.history/1.")
@click.option("--forget", "forgotten", metavar="RUN", help="Remove what is kept of it.")
@click.option(
    "--even-though-not-taken-back",
    "aside",
    is_flag=True,
    help="With --forget: put aside a run that cannot be taken back.",
)
@click.option(
    "--forget-older-than",
    "days",
    type=click.IntRange(0),
    metavar="DAYS",
    help="Remove what is kept of runs that were over so long ago.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    sample: bool,
    as_json: bool,
    forgotten: str | None,
    aside: bool,
    days: int | None,
    yes: bool,
    host: object,
) -> int:
    """Print the runs, or forget one that is over."""
    with place(given(ctx, "host", host), sample=sample) as here:
        if aside and not forgotten:
            raise Usage("--even-though-not-taken-back belongs to --forget RUN.")
        if forgotten is not None and aside:
            _abandon(here, forgotten, yes=yes)
        elif forgotten is not None:
            _forget(here, forgotten)
        elif days is not None:
            _forget_older(here, days)
        else:
            write(_json(here) if as_json else _text(here), None)
    return 0
