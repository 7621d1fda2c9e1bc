"""`zmward list`: every control."""

import click
import msgspec

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
    for control in found:
        tips = ",".join(control.tips)
        click.echo(f"{control.severity:<9}{tips:<12}{control.id}")
        click.echo(f"         {control.title}")
    return 0
