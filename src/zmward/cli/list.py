"""`zmward list`: every control."""

import click
import msgspec

from zmward.cli.screen import screen
from zmward.controls.registry import controls


@click.command("list", help="List every control: id, title, severity, tips.")
@click.option("--json", "as_json", is_flag=True, help="A bare JSON array.")
def command(*, as_json: bool) -> int:
    """Print the controls."""
    found = controls().values()
    if as_json:
        rows = [
            {
                "id": control.id,
                "title": control.title,
                "severity": control.severity,
                "tips": control.tips,
                "roles": control.roles,
                "cure": control.check.cures,
            }
            for control in found
        ]
        click.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
        return 0
    from zmward.reports.catalogue import listed

    shown = screen()
    text = listed(found, width=shown.width, color=shown.color, encoding=shown.encoding)
    click.echo(text, nl=False)
    return 0
