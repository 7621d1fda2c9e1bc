"""`zmward apply`: carries out a plan that was read, or leaves all as it was."""

from pathlib import Path

import click

from zmward.cli.options import common, given, profile
from zmward.cli.place import Place, place
from zmward.cli.repairing import agreed, note, say, tell, who, working
from zmward.doors.host import Door, Local
from zmward.engine.apply import Applied, Wish, apply, switch_seconds
from zmward.engine.cutting import cuts_off
from zmward.engine.history import past
from zmward.engine.operator import operators
from zmward.engine.plans import read
from zmward.engine.present import label
from zmward.engine.state import known
from zmward.errors import Refused, Usage
from zmward.i18n import Speaker
from zmward.plan import Plan
from zmward.reports.plain import in_json
from zmward.reports.plan_summary import summary
from zmward.reports.run_json import render as as_document
from zmward.reports.run_words import Judged, Outcome, RunReport, applied


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


# What a plan has said beforehand, and what is still so afterwards.
_STAYS = ("left for you", "another plan")


def _report(plan: Plan, done: Applied, place: Place) -> RunReport:
    """Return what was done, as people and programs are told."""
    proof = done.proof
    findings = () if proof is None else proof.report.findings
    changes = plan.steps if done.run else ()
    expected = {
        one.control: one.reason
        for one in plan.foreseen
        if one.reason.startswith(_STAYS)
    }
    return RunReport(
        verb="apply",
        run=done.run,
        host=place.name,
        sample=place.sample is not None,
        state=past(place.door, known(done.run)).state if done.run else "",
        changes=tuple(Outcome(label(step.change), "done") for step in changes),
        controls=tuple(
            Judged(f.control, f.status.value, f.reason or expected.get(f.control, ""))
            for f in findings
        ),
        failing=() if proof is None else proof.failing,
        unknown=() if proof is None else proof.unknown,
        not_restarted=done.later,
        lost=done.lost,
        confirm_within=done.confirm_within,
    )


def _code(report: RunReport) -> int:
    if report.unknown:
        return 3
    return 1 if report.failing else 0


def _asked(plan: Plan, here: Place, wish: Wish, *, quiet: bool, yes: bool) -> None:
    """Show what is about to happen, and ask; without a yes nothing does."""
    if not (quiet and yes):
        seconds = switch_seconds(wish, [step.change for step in plan.steps])
        later = wish.restart == "later"
        shown = summary(
            plan, here.name, seconds, later=later, sample=here.sample is not None
        )
        for line in shown:
            note(line)
    if not agreed(f"Apply {len(plan.steps)} changes on {here.name}?", yes=yes):
        raise Refused("Not agreed, nothing was changed; --yes agrees beforehand.")


@click.command("apply", help="Carry out a plan; if a step fails, take all of it back.")
@common("host", "profile", "quiet")
@click.argument("path", metavar="PLAN")
@click.option(
    "--confirm-within",
    type=click.IntRange(30, 86400),
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
            _reachable(here.door, plan)
        if not plan.steps:
            say("the plan holds no change")
            report = _report(plan, Applied(""), here)
        else:
            _asked(plan, here, wish, quiet=quiet, yes=yes)
            with working(here, "applying", quiet=quiet) as site:
                done = apply(
                    site,
                    plan,
                    wish,
                    lambda: here.prove(plan, site_profile),
                    lambda: here.suspect(plan, site_profile),
                )
            report = _report(plan, done, here)
    if as_json:
        tell(in_json(as_document(report)), end="")
    else:
        for line in applied(report, here.way, Speaker()):
            tell(line)
    return _code(report)
