"""`zmward confirm`: keeps a run and removes its dead man's switch."""

import click

from zmward.cli.options import common, door, given
from zmward.cli.repairing import fresh
from zmward.engine.confirm import confirm
from zmward.engine.lock import locked
from zmward.engine.state import known


@click.command("confirm", help="Keep a run: from a login made after the change.")
@common("host")
@click.argument("run", metavar="RUN")
@click.option("--console", is_flag=True, help="You sit at the machine itself.")
@click.pass_context
def command(ctx: click.Context, /, *, run: str, console: bool, host: object) -> int:
    """Disarm the switch of a run."""
    wanted, way = known(run), fresh(door(given(ctx, "host", host)))
    with locked(way):
        confirm(way, wanted, console=console)
    click.echo(f"run {run}: kept, its switch is removed")
    return 0
