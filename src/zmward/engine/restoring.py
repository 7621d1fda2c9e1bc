"""The plan that brings an earlier state of the configuration back."""

import msgspec

from zmward.change import Change, SetCrontab
from zmward.configuration.restore import Restored
from zmward.controls.registry import controls
from zmward.facts import Facts
from zmward.finding import Report
from zmward.forecast import forecast
from zmward.guards import signs
from zmward.i18n import mark
from zmward.plan import (
    Host,
    Left,
    Plan,
    Step,
    described,
    folded,
    order,
    renderings,
    unfit,
)

_TITLE = mark("As it was in the snapshot of {when}")
_HURTS = mark("whoever relies on what was changed since")
_IMPACT = mark("Whoever relies on what was changed since will notice.")


def _step(change: Change, report: Report, facts: Facts, when: str) -> Step:
    nodes = (*report.hosts_seen, *report.hosts_missing)
    step = msgspec.structs.replace(
        described(change, (), nodes, facts),
        titles=(_TITLE.replace("{when}", when),),
        impact=(_IMPACT,),
    )
    if isinstance(change, SetCrontab):
        return step
    # No control has judged the old value: nobody knows whom it shuts out.
    return msgspec.structs.replace(step, effort="decision", affects=(_HURTS,))


def _named(change: Change) -> str:
    return " ".join(change.place[1:])


def restore_plan(
    found: Restored, report: Report, facts: Facts, when: str, *, alone: bool
) -> Plan:
    """Return the plan of what may be brought back, with all that is left out.

    `report` is an audit of now, with the hashes of what it was made from; `when` the
    time of the snapshot; `alone` accepts that other nodes were not seen.
    """
    host = report.hosts_seen[0] if report.hosts_seen else report.host
    steps: list[Step] = []
    left = list(found.left)
    for change in found.changes:
        reason = unfit(change, report, facts, host, alone=alone)
        if reason:
            left.append(Left(_named(change), reason))
        else:
            steps.append(_step(change, report, facts, when))
    steps.sort(key=order)
    acts = sorted(renderings(steps, host), key=order)
    made = Plan(
        host=Host(host, report.machine, report.version),
        when=report.when,
        zmward=report.zmward,
        steps=(*steps, *acts),
        reloads=folded(steps),
        left=tuple(dict.fromkeys(left)),
        hosts_missing=report.hosts_missing,
        profile_hash=report.profile_hash,
        evidence_hash=report.evidence_hash,
        hosts_seen=report.hosts_seen,
        signs=signs(report.findings),
    )
    return forecast(made, report, controls().values(), facts)
