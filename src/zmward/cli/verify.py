"""`zmward verify`: audits the controls of a run again."""

import click

from zmward.cli.audit import exit_code
from zmward.cli.main import own_version
from zmward.cli.options import common, door, given, profile
from zmward.controls.registry import controls
from zmward.engine.state import known, plan_of
from zmward.engine.verify import verify


@click.command("verify", help="Audit the controls that a run was meant to repair.")
@common("host", "profile")
@click.argument("run", metavar="RUN")
@click.pass_context
def command(ctx: click.Context, /, *, run: str, **shared: object) -> int:
    """Print how each control of the run stands now."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    way = door(options["host"])
    plan = plan_of(way, known(run))
    proof = verify(way, plan, controls(), profile(options["profile"]), own_version())
    for finding in proof.report.findings:
        reason = f" ({finding.reason})" if finding.reason else ""
        click.echo(f"{finding.status.value:<15} {finding.control}{reason}")
    for line in proof.failing:
        click.echo(f"still not so: {line}")
    return exit_code(proof.report)
