"""`zmward history`: the runs on a host: when, who, how much, and how each ended."""

import click
import msgspec

from zmward.cli.options import common, door, given, write
from zmward.engine.history import history, past, text
from zmward.engine.lock import locked
from zmward.engine.state import forget, known
from zmward.errors import Refused
from zmward.reports.plain import visible

_ENDED = ("kept", "rolled back", "rolled back by its switch", "nothing done", "damaged")


@click.command("history", help="List what zmward did on a host.")
@common("host")
@click.option("--json", "as_json", is_flag=True)
@click.option("--forget", "forgotten", metavar="RUN", help="Remove what is kept of it.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    as_json: bool,
    forgotten: str | None,
    host: object,
) -> int:
    """Print the runs, or forget one that is over."""
    way = door(given(ctx, "host", host))
    if forgotten is not None:
        run = known(forgotten)
        with locked(way):
            state = past(way, run).state
            if state not in _ENDED:
                raise Refused(f"The run {run.id} is {state}: it is not over.")
            forget(way, run)
        return 0
    rows = history(way)
    if as_json:
        shown = {"schema": "zmward.history/1", "runs": msgspec.to_builtins(rows)}
        write(msgspec.json.format(msgspec.json.encode(shown)).decode() + "\n", None)
    else:
        write("\n".join(visible(line) for line in text(rows).splitlines()) + "\n", None)
    return 0
