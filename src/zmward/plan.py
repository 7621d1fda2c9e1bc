"""From a report to a plan: one ordered list of changes that can be read and signed."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from zmward.catalog.actions import RESTART_ORDER
from zmward.catalog.attributes import attributes
from zmward.catalog.triggers import rendered_by_hand, restarts, sections
from zmward.change import (
    Act,
    Change,
    InstallPackage,
    Reversible,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetUnit,
    Support,
    WriteFile,
)
from zmward.control import Status
from zmward.finding import EFFORTS, Effort, Finding, Report

SCHEMA = "zmward.plan/1"

_KINDS: tuple[type[Change], ...] = (
    InstallPackage,
    WriteFile,
    SetMode,
    SetLocalConfig,
    SetAttr,
    SetCrontab,
    SetUnit,
    Act,
)
_TARGETS = ("global", "server", "domain", "cos", "account")


class Host(msgspec.Struct, frozen=True):
    """Whom a plan is for: the machine's id, its name, its version of Zimbra."""

    name: str
    machine: str = ""
    zimbra: str = ""


class Step(msgspec.Struct, frozen=True):
    """One change with all that a person must know before it."""

    id: str
    change: Change
    controls: tuple[str, ...]
    titles: tuple[str, ...]
    impact: tuple[str, ...]
    affects: tuple[str, ...]
    effort: Effort
    renders: tuple[str, ...]
    restarted: tuple[str, ...]
    restarts: tuple[str, ...]
    reversible: Reversible
    support: Support


class Left(msgspec.Struct, frozen=True):
    """A failed control that the plan leaves, in whole or in part, and why."""

    control: str
    reason: str


class Plan(msgspec.Struct, frozen=True):
    """Ordered steps, then each restart once, in Zimbra's order."""

    host: Host
    when: str
    zmward: str
    steps: tuple[Step, ...]
    reloads: tuple[str, ...]
    left: tuple[Left, ...]
    hosts_missing: tuple[str, ...] = ()
    profile_hash: str = ""
    evidence_hash: str = ""


class _Merged(msgspec.Struct):
    """Changes of one place while they are joined."""

    changes: list[Change]
    findings: list[Finding]


class Conflict(Exception):  # it names two wishes, nothing broke
    """Two cures want different things of one place."""


def _joined_attr(changes: list[SetAttr]) -> SetAttr:
    """Join cures of one attribute: what each adds and removes, on the same old set."""
    first = changes[0]
    if all(change.after == first.after for change in changes):
        return first
    if not attributes()[first.attribute].multi:
        wishes = {" ".join(change.after or ("(unset)",)) for change in changes}
        raise Conflict(f"{first.attribute} on {first.target}: {', '.join(wishes)}")
    before = first.before or ()
    added: dict[str, None] = {}
    removed: set[str] = set()
    for change in changes:
        added |= dict.fromkeys(v for v in change.after or () if v not in before)
        removed |= set(before) - set(change.after or ())
    kept = [value for value in before if value not in removed]
    after = (*kept, *(value for value in added if value not in kept))
    return SetAttr(first.target, first.attribute, first.before, after or None)


def _joined(changes: list[Change]) -> Change:
    first = changes[0]
    same = [change for change in changes if isinstance(change, SetAttr)]
    if len(same) == len(changes):
        if any(change.before != same[0].before for change in same):
            raise Conflict(f"{same[0].attribute}: two old values of one place")
        return _joined_attr(same)
    if any(change != first for change in changes):
        raise Conflict(f"{' '.join(first.place[1:])}: two wishes for one place")
    return first


def _name(change: Change) -> str:
    if isinstance(change, SetAttr):
        return change.attribute
    return change.key if isinstance(change, SetLocalConfig) else ""


def _restarts(change: Change) -> tuple[str, ...]:
    name = _name(change)
    return restarts(name, change.restarts()) if name else change.restarts()


def _order(step: Step) -> tuple[int, int, tuple[str, ...]]:
    change = step.change
    kind = _KINDS.index(type(change))
    target = change.target.partition(":")[0]
    rank = _TARGETS.index(target) if isinstance(change, SetAttr) else 0
    return kind, rank, change.place


def _effort(change: Change, findings: Iterable[Finding]) -> Effort:
    if any(finding.locks_out for finding in findings):
        return "decision"
    renders = sections(_name(change)) if _name(change) else ()
    disturbs = {s for section in renders for s in section.restarts} - {"mta"}
    return "window" if _restarts(change) or disturbs else "safe"


def _step(merged: _Merged) -> Step:
    change = _joined(merged.changes)
    findings = merged.findings
    rendered = sections(_name(change)) if _name(change) else ()
    return Step(
        id="/".join(change.place),
        change=change,
        controls=tuple(dict.fromkeys(f.control for f in findings)),
        titles=tuple(dict.fromkeys(f.title for f in findings)),
        impact=tuple(dict.fromkeys(f.impact for f in findings)),
        affects=tuple(dict.fromkeys(f.locks_out for f in findings if f.locks_out)),
        effort=_effort(change, findings),
        renders=tuple(section.name for section in rendered),
        restarted=tuple(dict.fromkeys(s for x in rendered for s in x.restarts)),
        restarts=_restarts(change),
        reversible="compensated" if change.inverse() is None else "reversible",
        support="vendor" if _name(change) else "local",
    )


def _wanted(
    finding: Finding, named: frozenset[str], allowed: Callable[[Finding], bool]
) -> bool:
    """Plan a cure that can hurt somebody only where it is asked for."""
    if named:
        return finding.control in named
    return not finding.locks_out or allowed(finding)


def _left(finding: Finding, *, wanted: bool) -> Iterator[Left]:
    if not wanted and any(d.cure for d in finding.deviations):
        yield Left(
            finding.control,
            f"can hurt {finding.locks_out}; plan it by name: --only {finding.control}",
        )
    reasons = dict.fromkeys(d.no_cure for d in finding.deviations if d.cure is None)
    for reason in reasons:
        yield Left(finding.control, reason)


def _acts(steps: Iterable[Step], host: str) -> tuple[Step, ...]:
    """Return the renderings that no zmconfigd does by itself, one per section."""
    wanted: dict[str, list[Step]] = {}
    for step in steps:
        for section in rendered_by_hand(_name(step.change)):
            wanted.setdefault(section, []).append(step)
    return tuple(
        Step(
            id=f"act/{host}/render/{section}",
            change=Act(host, "render", (section,)),
            controls=tuple(dict.fromkeys(c for s in causes for c in s.controls)),
            titles=(),
            impact=(),
            affects=(),
            effort=max((s.effort for s in causes), key=EFFORTS.index),
            renders=(section,),
            restarted=(),
            restarts=(),
            reversible="reversible",
            support="vendor",
        )
        for section, causes in wanted.items()
    )


def plan(
    report: Report,
    *,
    machine: str = "",
    only: Iterable[str] = (),
    efforts: Iterable[Effort] = EFFORTS,
    allowed: Callable[[Finding], bool] = lambda _: False,
) -> Plan:
    """Return the plan of a report.

    `only` names controls, which then may hurt; `efforts` cuts the plan to some;
    `allowed` says which hurting cures the profile opts into.
    """
    named, wished = frozenset(only), set(efforts)
    places: dict[tuple[str, ...], _Merged] = {}
    left: list[Left] = []
    for finding in report.findings:
        if finding.status is not Status.FAIL or (
            named and finding.control not in named
        ):
            continue
        wanted = _wanted(finding, named, allowed)
        left += _left(finding, wanted=wanted)
        for deviation in finding.deviations:
            if deviation.cure is not None and wanted:
                place = places.setdefault(deviation.cure.place, _Merged([], []))
                place.changes.append(deviation.cure)
                place.findings.append(finding)
    steps: list[Step] = []
    for merged in places.values():
        try:
            steps.append(_step(merged))
        except Conflict as conflict:
            left += [Left(f.control, f"conflict: {conflict}") for f in merged.findings]
    chosen = [step for step in steps if step.effort in wished]
    host = report.hosts_seen[0] if report.hosts_seen else report.host
    acts = _acts(chosen, host)
    services = {service for step in chosen for service in step.restarts}
    return Plan(
        host=Host(report.host, machine, report.version),
        when=report.when,
        zmward=report.zmward,
        steps=(*sorted(chosen, key=_order), *acts),
        reloads=tuple(service for service in RESTART_ORDER if service in services),
        left=tuple(dict.fromkeys(left)),
        hosts_missing=report.hosts_missing,
        profile_hash=report.profile_hash,
        evidence_hash=report.evidence_hash,
    )
