"""`zmward explain ID`: one control in full."""

import difflib

import click

from zmward.cli.screen import screen
from zmward.controls.registry import controls
from zmward.errors import Usage
from zmward.sources.registry import sources


@click.command("explain", help="Explain one control in full.")
@click.argument("control_id", metavar="ID")
def command(control_id: str) -> int:
    """Print the control."""
    control = controls().get(control_id)
    if control is None:
        near = difflib.get_close_matches(control_id, controls(), 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise Usage(f"There is no control {control_id!r}.{hint}")
    from zmward.reports.explanation import explained

    shown = screen()
    text = explained(
        control,
        sources(),
        width=shown.width,
        color=shown.color,
        encoding=shown.encoding,
    )
    click.echo(text, nl=False)
    return 0
