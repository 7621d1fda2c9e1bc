"""From controls and evidence to findings, and the report that they make."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from zmward.control import Control, Severity, Status
from zmward.deviation import Deviation, Excerpt, Judgement, Layer, State
from zmward.evidence import Unseen
from zmward.exposure import Exposure
from zmward.facts import Facts
from zmward.outside import contradiction, from_outside, not_looked_at
from zmward.profile import Waiver
from zmward.waivers import severity, split

SCHEMA = "zmward.report/1"
Effort = Literal["safe", "window", "decision", "none"]
EFFORTS: tuple[Effort, ...] = ("safe", "window", "decision", "none")

_ORDER = (State.BAD, State.UNKNOWN, State.OK, State.NA)
_STATUS = {
    State.BAD: Status.FAIL,
    State.UNKNOWN: Status.UNKNOWN,
    State.OK: Status.PASS,
    State.NA: Status.NOT_APPLICABLE,
}
_EXCERPTS = 8


class Layers(msgspec.Struct, frozen=True):
    """How each layer of proof stands."""

    declared: State = State.NA
    rendered: State = State.NA
    running: State = State.NA
    lasting: State = State.NA


class Finding(msgspec.Struct, frozen=True):
    """What one control came to, on everything that it concerns."""

    control: str
    title: str
    severity: Severity
    tips: tuple[str, ...]
    status: Status
    reason: str
    layers: Layers
    deviations: tuple[Deviation, ...]
    evidence: tuple[Excerpt, ...]
    waiver: Waiver | None
    impact: str
    why: str
    topic: str
    locks_out: str
    effort: Effort
    refs: tuple[str, ...] = ()
    note: str = ""


class Report(msgspec.Struct, frozen=True):
    """All findings of one evidence, worst first within each topic."""

    host: str
    when: str
    zmward: str
    version: str
    hosts_seen: tuple[str, ...]
    hosts_missing: tuple[str, ...]
    findings: tuple[Finding, ...]
    profile_hash: str = ""
    evidence_hash: str = ""
    lapsed: tuple[str, ...] = ()
    exposure: Exposure | None = None
    machine: str = ""


def _worst(states: Iterable[State]) -> State:
    found = set(states)
    return next((state for state in _ORDER if state in found), State.NA)


def _layers(judgements: Iterable[Judgement]) -> Layers:
    by_layer: dict[str, list[State]] = {layer.value: [] for layer in Layer}
    for judgement in judgements:
        by_layer[judgement.layer.value].append(judgement.state)
    return Layers(**{name: _worst(states) for name, states in by_layer.items()})


def _reason(status: Status, judgements: Iterable[Judgement]) -> str:
    """Say why: what is unknown for FAIL and UNKNOWN, why not concerned otherwise."""
    state = State.NA if status is Status.NOT_APPLICABLE else State.UNKNOWN
    reasons = dict.fromkeys(
        f"{j.subject}: {j.reason}" if j.subject != "directory" else j.reason
        for j in judgements
        if j.state is state and j.reason
    )
    return "; ".join(reasons)


def _effort(control: Control, deviations: Iterable[Deviation]) -> Effort:
    cures = [deviation.cure for deviation in deviations if deviation.cure]
    if not cures:
        return "none"
    if control.locks_out:
        return "decision"
    return "window" if any(cure.restarts() for cure in cures) else "safe"


def _inside(control: Control, facts: Facts) -> tuple[Judgement, ...]:
    try:
        return tuple(control.check.judge(facts))
    except Unseen as signal:
        missing = signal.missing.reason
        return (Judgement(Layer.DECLARED, State.UNKNOWN, "directory", missing),)


def judge(control: Control, facts: Facts, *, inside: bool = True) -> Finding:
    """Judge one control; a control that says nothing is UNKNOWN.

    What was seen from outside counts too; without `inside`, it alone does.
    """
    own = _inside(control, facts) if inside and not control.outside_only else ()
    seen = tuple(from_outside(control, facts))
    # The records of a domain are the same from wherever one looks.
    if inside and control.outside_only and control.topic != "domain":
        seen += tuple(not_looked_at(facts, seen))
    judgements = own + seen
    status = _STATUS[_worst(j.state for j in judgements)]
    reason = _reason(status, judgements)
    if contradicted := contradiction(own, seen):
        reason = "; ".join(filter(None, (contradicted, reason)))
    if not judgements:
        status, reason = Status.UNKNOWN, "the control judged nothing"
    deviations = tuple(j.deviation for j in judgements if j.deviation)
    accepted = split(control, deviations, facts)
    if status is Status.FAIL and deviations and not accepted.left:
        status = Status.WAIVED
    if accepted.waived and accepted.left:
        names = ", ".join(sorted({d.subject for d in accepted.waived}))
        reason = "; ".join(filter(None, (f"waived in part: {names}", reason)))
    excerpts = dict.fromkeys(e for j in judgements for e in j.evidence)
    return Finding(
        control=control.id,
        title=control.title,
        severity=severity(facts.profile, control),
        tips=control.tips,
        status=status,
        reason=reason,
        layers=_layers(judgements),
        deviations=deviations,
        evidence=tuple(excerpts)[:_EXCERPTS],
        waiver=accepted.waiver,
        impact=control.impact,
        why=control.why,
        topic=control.topic,
        locks_out=control.locks_out,
        effort=_effort(control, deviations),
        refs=control.refs,
        note=control.note,
    )


_STATUSES = (
    Status.FAIL,
    Status.UNKNOWN,
    Status.WAIVED,
    Status.PASS,
    Status.NOT_APPLICABLE,
)
_SEVERITIES = tuple(Severity)


def rank(finding: Finding) -> tuple[int, int, str]:
    """Return the place of a finding: failures first, the worst of them on top."""
    return (
        _STATUSES.index(finding.status),
        _SEVERITIES.index(finding.severity),
        finding.control,
    )


def digest(content: bytes) -> str:
    """Return the hash by which a report names what it was made from."""
    return hashlib.sha256(content).hexdigest()


def moment(text: str) -> datetime:
    """Return an ISO time as an aware datetime; a plain date means its midnight UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
