"""`zmward apply`: carries out a plan that was read, or leaves all as it was."""

from pathlib import Path

import click

from zmward.cli.applying import asked, carried_out, reachable, report, told
from zmward.cli.options import common, given, profile
from zmward.cli.place import place
from zmward.cli.repairing import say, who
from zmward.doors.host import Local
from zmward.engine.apply import Applied, Wish
from zmward.engine.plans import read
from zmward.errors import Usage


@click.command("apply", help="Carry out a plan; if a step fails, take all of it back.")
@common("host", "profile", "quiet")
@click.argument("path", metavar="PLAN")
@click.option(
    "--confirm-within",
    type=click.IntRange(5, 86400),
    metavar="S",
    help="Take all back after S seconds, unless confirmed from a new login.",
)
@click.option(
    "--restart",
    type=click.Choice(("now", "later")),
    default="now",
    help="Restart services at the end, or leave that to you.",
)
@click.option("--console", is_flag=True, help="You sit at the machine itself.")
@click.option(
    "--despite-signs-of-compromise",
    "despite",
    is_flag=True,
    help="Go on though an intruder seems to have been there.",
)
@click.option(
    "--accept-loss",
    "losses",
    multiple=True,
    metavar="PATH@CODE",
    help="Let zmconfigd overwrite the hand-made lines that were shown.",
)
@click.option("--demo", "sample", is_flag=True, help="On the sample server.")
@click.option("--json", "as_json", is_flag=True, help="The result as zmward.run/1.")
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
    losses: tuple[str, ...],
    sample: bool,
    as_json: bool,
    yes: bool,
    **shared: object,
) -> int:
    """Apply, verify, and say what to do next."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    if path == "-":
        raise Usage("A plan is read from a file of yours: `zmward plan --output FILE`.")
    plan, site_profile = read(Path(path)), profile(options["profile"])
    quiet = bool(options["quiet"])
    wish = Wish(
        confirm_within=confirm_within or 0,
        restart="later" if restart == "later" else "now",
        who=who(),
        despite=despite,
        losses=losses,
    )
    with place(options["host"], sample=sample) as here:
        if isinstance(here.door, Local) and not console:
            reachable(here.door, plan)
        if not plan.steps:
            say("the plan holds no change")
            found = report(plan, Applied(""), here)
        else:
            asked(plan, here, wish, quiet=quiet, yes=yes)
            found = carried_out(
                plan,
                here,
                wish,
                lambda: here.prove(plan, site_profile),
                lambda: here.suspect(plan, site_profile),
                quiet=quiet,
            )
        return told(found, here, as_json=as_json)
