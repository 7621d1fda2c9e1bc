"""What the verbs that carry a plan out share: the question before, the words after."""

from zmward.cli.place import Place
from zmward.cli.repairing import agreed, note, say, tell, working
from zmward.doors.host import Door
from zmward.engine.apply import Applied, Prove, Suspect, Wish, apply, switch_seconds
from zmward.engine.cutting import cuts_off
from zmward.engine.history import past
from zmward.engine.operator import operators
from zmward.engine.present import label
from zmward.engine.state import known
from zmward.errors import Refused
from zmward.i18n import Speaker
from zmward.plan import Plan
from zmward.reports.plain import in_json
from zmward.reports.plan_summary import summary
from zmward.reports.run_json import render as as_document
from zmward.reports.run_words import Judged, Outcome, RunReport, applied


def reachable(way: Door, plan: Plan) -> None:
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


def report(plan: Plan, done: Applied, place: Place) -> RunReport:
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


def code(report: RunReport) -> int:
    """Return the exit code of what was done."""
    if report.unknown:
        return 3
    return 1 if report.failing else 0


def asked(plan: Plan, here: Place, wish: Wish, *, quiet: bool, yes: bool) -> None:
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


def carried_out(
    plan: Plan,
    here: Place,
    wish: Wish,
    prove: Prove,
    suspect: Suspect,
    *,
    quiet: bool,
) -> RunReport:
    """Apply a plan and return what came of it."""
    with working(here, "applying", quiet=quiet) as site:
        done = apply(site, plan, wish, prove, suspect)
    return report(plan, done, here)


def told(found: RunReport, here: Place, *, as_json: bool) -> int:
    """Say what was done, and return the exit code."""
    if as_json:
        tell(in_json(as_document(found)), end="")
    else:
        for line in applied(found, here.way, Speaker()):
            tell(line)
    return code(found)
