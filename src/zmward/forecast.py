"""What the controls will say after a plan, as far as it can be computed."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from zmward.control import Control, Status
from zmward.deviation import Deviation
from zmward.facts import Facts
from zmward.finding import Finding, Report, judge, rank
from zmward.foresee import foresee, foreseeable
from zmward.i18n import mark
from zmward.plan import Foreseen, Plan

_WAITS = mark("shown by the services only after the change: apply audits it again")
_AGAIN = mark("another plan will be needed for: {what}")
_OTHER = mark("left for you: {what}")
_SEEN = mark("can be judged then: {what}")
_NEW = mark("made by this plan: {what}")


def _key(deviation: Deviation) -> tuple[str, str, str]:
    return deviation.subject, deviation.layer.value, deviation.wanted


def _subjects(deviations: Iterable[Deviation]) -> str:
    return ", ".join(dict.fromkeys(f"{d.subject} ({d.found})" for d in deviations))


def _said(text: str, what: str) -> str:
    return text.replace("{what}", what)


def _reason(now: Finding, then: Finding, planned: frozenset[object]) -> str:
    """Say what is left of a failure."""
    known = {_key(deviation) for deviation in now.deviations}
    fresh = [d for d in then.deviations if _key(d) not in known]
    again = [d for d in then.deviations if d.cure is not None and d.cure in planned]
    other = [d for d in then.deviations if d.cure is not None and d not in again]
    if fresh:
        text = _SEEN if now.status is Status.UNKNOWN else _NEW
        return _said(text, _subjects(fresh))
    if again:
        return _said(_AGAIN, _subjects(again))
    if other:
        return _said(_OTHER, _subjects(other))
    bare = [d for d in then.deviations if d.layer.value == "declared"]
    if bare and then.status is Status.FAIL:
        return _said(_OTHER, _subjects(bare))
    return _WAITS if then.status is Status.FAIL else then.reason


def _rows(
    plan: Plan, report: Report, controls: Iterable[Control], facts: Facts
) -> Iterator[Foreseen]:
    changes = [step.change for step in plan.steps]
    evidence = foresee(facts.evidence, changes)
    later = Facts(evidence, facts.profile, facts.now, facts.catalog)
    served = {control for step in plan.steps for control in step.controls}
    blind = {
        control
        for step in plan.steps
        if not foreseeable(step.change)
        for control in step.controls
    }
    before = {finding.control: finding for finding in report.findings}
    known = [control for control in controls if control.id in before]
    for then in sorted((judge(control, later) for control in known), key=rank):
        now = before[then.control]
        good = then.status in (Status.PASS, Status.NOT_APPLICABLE, Status.WAIVED)
        worse = not good and now.status not in (then.status, Status.FAIL)
        if (good or then.control not in served) and not worse:
            continue
        reason = _reason(now, then, frozenset(changes))
        if then.control in blind:
            reason = _WAITS
        yield Foreseen(then.control, then.title, now.status, then.status, reason)


def forecast(
    plan: Plan, report: Report, controls: Iterable[Control], facts: Facts
) -> Plan:
    """Return the plan with what it leaves failing and what it makes worse."""
    if not plan.steps:
        return plan
    return replace(plan, foreseen=tuple(_rows(plan, report, controls, facts)))
