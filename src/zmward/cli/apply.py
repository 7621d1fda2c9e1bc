"""`zmward apply`: carries out a plan that was read, or leaves all as it was."""

from pathlib import Path

import click

from zmward.cli.main import own_version
from zmward.cli.options import common, door, given, profile
from zmward.cli.repairing import agreed, say, tell, who, working
from zmward.controls.registry import controls
from zmward.doors.host import Door, Local
from zmward.engine.apply import Applied, Wish, apply
from zmward.engine.deadman import cuts_off
from zmward.engine.operator import operators
from zmward.engine.plans import read
from zmward.engine.signs import suspicions
from zmward.engine.verify import verify
from zmward.errors import Refused
from zmward.plan import Plan


def _reachable(way: Door, plan: Plan) -> None:
    """Refuse to cut somebody off of whom it is not seen from where he comes."""
    if cuts_off([step.change for step in plan.steps]):
        found = operators(way)
        if not found:
            raise Refused(
                "The plan can cut you off, and neither sshd's sockets nor logind show "
                "from where you come. Say --console if you sit at the machine."
            )
        say(f"logged in from {', '.join(found)}")


def _told(done: Applied) -> int:
    if not done.run:
        tell("Everything is already as the plan wants it: nothing was changed.")
        return 0
    tell(f"run {done.run}: applied")
    for service in done.later:
        tell(f"not restarted, the change works once it is: {service}")
    proof = done.proof
    for line in () if proof is None else proof.failing:
        tell(f"still not so: {line}")
    for line in () if proof is None else proof.unknown:
        tell(f"could not be verified: {line}")
    if done.confirm_within:
        tell(
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
@click.option(
    "--despite-signs-of-compromise",
    "despite",
    is_flag=True,
    help="Go on though an intruder seems to have been there.",
)
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
    despite: bool,
    yes: bool,
    **shared: object,
) -> int:
    """Apply, verify, and say what to do next."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    plan = read(Path(path))
    way, site_profile = door(options["host"]), profile(options["profile"])
    if isinstance(way, Local) and not console:
        _reachable(way, plan)
    if not plan.steps:
        say("the plan holds no change")
        return 0
    if not agreed(f"Apply {len(plan.steps)} changes on {way.name}?", yes=yes):
        raise Refused("Not agreed, nothing was changed; --yes agrees beforehand.")
    wish = Wish(
        confirm_within=confirm_within or 0,
        restart="later" if restart == "later" else "now",
        who=who(),
        despite=despite,
    )
    with working(way, quiet=bool(options["quiet"])) as site:
        known, version = controls(), own_version()
        done = apply(
            site,
            plan,
            wish,
            lambda: verify(way, plan, known, site_profile, version),
            lambda: suspicions(way, known, site_profile, version),
        )
    return _told(done)
