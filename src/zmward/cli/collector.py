"""`zmward collector`: the questions as one readable, read-only shell script."""

import click

from zmward.cli.main import own_version
from zmward.engine.script import collector
from zmward.sources.registry import usual


@click.command("collector", help="Print the questions as a POSIX shell script.")
def command() -> int:
    """Print the script."""
    click.echo(collector(usual(), own_version()), nl=False)
    return 0
