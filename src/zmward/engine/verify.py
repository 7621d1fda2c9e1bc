"""Audits a plan's controls again: the proof that a repair took effect."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from zmward.control import Control, Status
from zmward.doors.host import Door
from zmward.engine.audit import audit
from zmward.engine.collect import collect
from zmward.evidence import Evidence, merge
from zmward.finding import Report
from zmward.outside import with_looks
from zmward.plan import Plan
from zmward.profile import Profile
from zmward.scan.seen import Seen
from zmward.sources.registry import sources

_ALWAYS = {
    *("addresses", "identity", "listeners", "localconfig", "packages", "ldap-servers"),
}


class Proof(msgspec.Struct, frozen=True):
    """The report on the plan's controls, and what it does not bear out."""

    report: Report
    failing: tuple[str, ...]
    unknown: tuple[str, ...]


def proof(plan: Plan, report: Report) -> Proof:
    """Compare a report with a plan: a planned place must need no cure any more."""
    places = {step.change.place for step in plan.steps}
    planned = {control for step in plan.steps for control in step.controls}
    failing, unknown = [], []
    for finding in report.findings:
        if finding.control not in planned:
            continue
        left = [
            f"{finding.control}: {deviation.subject}"
            for deviation in finding.deviations
            if deviation.cure is not None and deviation.cure.place in places
        ]
        failing += left
        if finding.status is Status.UNKNOWN and not left:
            unknown.append(f"{finding.control}: {finding.reason}")
    return Proof(report, tuple(failing), tuple(unknown))


def verify(
    door: Door,
    plan: Plan,
    known: Mapping[str, Control],
    profile: Profile,
    version: str,
    *,
    now: datetime | None = None,
    others: Evidence | None = None,
    looks: tuple[Seen, ...] = (),
) -> Proof:
    """Ask the host anew what the plan's controls need, and judge them.

    `others` is what the other nodes have said before, `looks` what was seen of them
    from outside, which counts more than what they say.
    """
    chosen = tuple(known[name] for name in _controls(plan) if name in known)
    needed = {name for control in chosen for name in control.check.needs} | _ALWAYS
    asked = [s for s in sources().values() if s.name in needed]
    evidence = collect(door, asked, version)
    if others is not None:
        evidence = merge((evidence, others))
    evidence = with_looks(evidence, looks, profile)
    return proof(plan, audit(evidence, chosen, profile, now))


def _controls(plan: Plan) -> Iterable[str]:
    return dict.fromkeys(name for step in plan.steps for name in step.controls)
