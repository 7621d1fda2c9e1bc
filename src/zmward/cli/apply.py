"""`zmward apply`: carries out a plan that was read, or leaves all as it was."""

from pathlib import Path

import click

from zmward.cli.main import own_version
from zmward.cli.options import common, door, given, profile
from zmward.cli.repairing import agreed, say, who, working
from zmward.controls.registry import controls
from zmward.doors.host import Local
from zmward.engine.apply import Applied, Wish, apply
from zmward.engine.confirm import session_began
from zmward.engine.deadman import cuts_off
from zmward.engine.plans import read
from zmward.engine.verify import verify
from zmward.errors import Refused


def _told(done: Applied) -> int:
    if not done.run:
        click.echo("Everything is already as the plan wants it: nothing was changed.")
        return 0
    click.echo(f"run {done.run}: applied")
    for service in done.later:
        click.echo(f"not restarted, the change works once it is: {service}")
    proof = done.proof
    for line in () if proof is None else proof.failing:
        click.echo(f"still not so: {line}")
    for line in () if proof is None else proof.unknown:
        click.echo(f"could not be verified: {line}")
    if done.confirm_within:
        click.echo(
            f"Within {done.confirm_within} s, from a new login, run "
            f"`zmward confirm {done.run}`; else all is taken back."
        )
    if proof is not None and proof.unknown:
        return 3
    return 1 if proof is not None and proof.failing else 0


@click.command("apply", help="Carry out a plan; if a step fails, take all of it back.")
@common("host", "profile", "quiet")
@click.argument("path", metavar="PLAN")
@click.option("--confirm-within", type=click.IntRange(30, 86400), metavar="S")
@click.option("--restart", type=click.Choice(("now", "later")), default="now")
@click.option("--console", is_flag=True, help="You sit at the machine itself.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    path: str,
    confirm_within: int | None,
    restart: str,
    console: bool,
    yes: bool,
    **shared: object,
) -> int:
    """Apply, verify, and say what to do next."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    plan = read(Path(path))
    way, site_profile = door(options["host"]), profile(options["profile"])
    changes = [step.change for step in plan.steps]
    away = isinstance(way, Local) and not console
    if cuts_off(changes) and away and session_began() is None:
        raise Refused(
            "The plan can cut you off, and no ssh session of yours is found. Say "
            "--console if you sit at the machine."
        )
    if not plan.steps:
        say("the plan holds no change")
        return 0
    if not agreed(f"Apply {len(plan.steps)} changes on {way.name}?", yes=yes):
        raise Refused("Not agreed, nothing was changed; --yes agrees beforehand.")
    wish = Wish(confirm_within or 0, "later" if restart == "later" else "now", who())
    with working(way, quiet=bool(options["quiet"])) as site:
        known, version = controls(), own_version()
        done = apply(
            site, plan, wish, lambda: verify(way, plan, known, site_profile, version)
        )
    return _told(done)
