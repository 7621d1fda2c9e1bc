"""`zmward collect`: asks every source once and prints the evidence as JSON."""

import sys

import click

from zmward.cli.main import own_version
from zmward.cli.options import common, door, given, write
from zmward.cli.progress import progress
from zmward.engine.collect import collect
from zmward.engine.identity import site_key
from zmward.evidence import encode
from zmward.reports.plain import in_json
from zmward.sources.registry import usual


@click.command("collect", help="Ask every source once; print the evidence as JSON.")
@common("host", "quiet")
@click.option("--output", metavar="FILE", help="Write it there, mode 0600.")
@click.option(
    "--pseudonymise",
    "aliased",
    is_flag=True,
    help="Replace names and addresses by aliases, the same on every run from here.",
)
@click.pass_context
def command(
    ctx: click.Context,
    host: str | None,
    output: str | None,
    *,
    quiet: bool | None,
    aliased: bool,
) -> int:
    """Print the evidence."""
    way = door(given(ctx, "host", host))
    silent = bool(given(ctx, "quiet", quiet)) or not sys.stderr.isatty()
    with progress(f"asking {way.name}", silent=silent) as report:
        evidence = collect(way, usual(), own_version(), report)
    if aliased:
        from zmward.pseudonyms import pseudonymise

        evidence = pseudonymise(evidence, site_key())
    write(in_json(encode(evidence).decode()), output)
    return 0
