"""`zmward history`: the runs on a host: when, who, how much, and how each ended."""

from datetime import UTC, datetime

import click
import msgspec

from zmward.cli.options import common, given, write
from zmward.cli.place import Place, place
from zmward.engine.history import history, past
from zmward.engine.lock import locked
from zmward.engine.state import forget, known
from zmward.errors import Refused
from zmward.i18n import Speaker
from zmward.reports.plain import in_json
from zmward.reports.run_words import Row
from zmward.reports.run_words import past as as_text

_ENDED = ("kept", "rolled back", "rolled back by its switch", "nothing done", "damaged")


def _forget(here: Place, name: str) -> None:
    run = known(name)
    with locked(here.door):
        state = past(here.door, run).state
        if state not in _ENDED:
            raise Refused(f"The run {run.id} is {state}: it is not over.")
        forget(here.door, run)


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
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    sample: bool,
    as_json: bool,
    forgotten: str | None,
    host: object,
) -> int:
    """Print the runs, or forget one that is over."""
    with place(given(ctx, "host", host), sample=sample) as here:
        if forgotten is not None:
            _forget(here, forgotten)
        else:
            write(_json(here) if as_json else _text(here), None)
    return 0
