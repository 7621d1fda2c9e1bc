"""From a report to a plan: one ordered list of changes that can be read and signed."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from zmward.affected import Affected, affected, unseen_relays
from zmward.catalog.actions import RESTART_ORDER
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
    SetParameter,
    SetUnit,
    Support,
    WriteFile,
)
from zmward.control import Status
from zmward.facts import Facts
from zmward.finding import EFFORTS, Effort, Finding, Report
from zmward.guards import opted, refusal, signs
from zmward.joining import Conflict, joined
from zmward.ruleset import LoadRuleset

SCHEMA = "zmward.plan/1"

_KINDS: tuple[type[Change], ...] = (
    InstallPackage,
    WriteFile,
    SetMode,
    SetLocalConfig,
    SetAttr,
    SetParameter,
    SetCrontab,
    SetUnit,
    LoadRuleset,
    Act,
)
_TARGETS = ("global", "server", "domain", "cos", "account")


class Host(msgspec.Struct, frozen=True):
    """Whom a plan is for: the machine's id, its name, its version of Zimbra."""

    name: str
    machine: str = ""
    zimbra: str = ""


class Step(msgspec.Struct, frozen=True):
    """One change with all that a person must know before it.

    `renders` are zmconfigd's sections, `restarted` what it restarts by itself and
    `restarts` what we restart; `reaches` are the nodes on which it works.
    """

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
    reaches: tuple[str, ...] = ()
    hurts: tuple[Affected, ...] = ()


class Left(msgspec.Struct, frozen=True):
    """A failed control that the plan leaves, in whole or in part, and why."""

    control: str
    reason: str


class Foreseen(msgspec.Struct, frozen=True):
    """What a control will come to after the plan, and what is still to be seen."""

    control: str
    title: str
    was: Status
    will: Status
    reason: str = ""


class Plan(msgspec.Struct, frozen=True):
    """Ordered steps, then each restart once, in Zimbra's order.

    `foreseen` holds the plan's own controls that it leaves failing or in doubt, and
    any other control that it makes worse.
    """

    host: Host
    when: str
    zmward: str
    steps: tuple[Step, ...]
    reloads: tuple[str, ...]
    left: tuple[Left, ...]
    hosts_missing: tuple[str, ...] = ()
    profile_hash: str = ""
    evidence_hash: str = ""
    hosts_seen: tuple[str, ...] = ()
    foreseen: tuple[Foreseen, ...] = ()
    signs: tuple[str, ...] = ()


class _Merged(msgspec.Struct):
    """Changes of one place while they are joined."""

    changes: list[Change]
    findings: list[Finding]


def described(
    change: Change,
    findings: Iterable[Finding],
    nodes: tuple[str, ...],
    facts: Facts | None = None,
) -> Step:
    """Return the step of a change: all but its findings' texts follows from it."""
    findings = tuple(sorted(findings, key=lambda finding: finding.control))
    controls = tuple(dict.fromkeys(f.control for f in findings))
    harmful = tuple(dict.fromkeys(f.control for f in findings if f.locks_out))
    rendered = sections(_name(change)) if _name(change) else ()
    return Step(
        id="/".join(change.place),
        change=change,
        controls=controls,
        titles=tuple(dict.fromkeys(f.title for f in findings)),
        impact=tuple(dict.fromkeys(f.impact for f in findings)),
        affects=tuple(dict.fromkeys(f.locks_out for f in findings if f.locks_out)),
        effort=_effort(change, findings),
        renders=_renders(change),
        restarted=tuple(dict.fromkeys(s for x in rendered for s in x.restarts)),
        restarts=_restarts(change),
        reversible="compensated" if change.inverse() is None else "reversible",
        support="vendor" if _name(change) else "local",
        reaches=reaches(change, nodes),
        hurts=affected(harmful, change, facts) if facts and harmful else (),
    )


def reaches(change: Change, nodes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the nodes on which a change works: all, for what they share."""
    if not isinstance(change, SetAttr):
        return (change.target,)
    kind, _, name = change.target.partition(":")
    return (name,) if kind == "server" else nodes


def _name(change: Change) -> str:
    if isinstance(change, SetAttr):
        return change.attribute
    return change.key if isinstance(change, SetLocalConfig) else ""


def _renders(change: Change) -> tuple[str, ...]:
    if isinstance(change, Act):
        return change.arguments if change.action == "render" else ()
    return tuple(s.name for s in sections(_name(change))) if _name(change) else ()


def _restarts(change: Change) -> tuple[str, ...]:
    name = _name(change)
    return restarts(name, change.restarts()) if name else change.restarts()


def order(step: Step) -> tuple[int, int, tuple[str, ...]]:
    """Return the place of a step: by kind, then from what is shared to what is not."""
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


def _left(finding: Finding, *, wanted: bool) -> Iterator[Left]:
    if not wanted and any(d.cure for d in finding.deviations):
        yield Left(
            finding.control,
            f"can hurt {finding.locks_out}; plan it by name: --only {finding.control}",
        )
    cured = any(deviation.cure for deviation in finding.deviations)
    reasons = dict.fromkeys(d.no_cure for d in finding.deviations if d.cure is None)
    for reason in reasons:
        # What a cure of the same control brings with it is not left out.
        if not (cured and reason.startswith("It follows from ")):
            yield Left(finding.control, reason)


def renderings(steps: Iterable[Step], host: str) -> tuple[Step, ...]:
    """Return the renderings that no zmconfigd does by itself, one per section."""
    wanted: dict[str, list[Step]] = {}
    for step in steps:
        if host in step.reaches:
            for section in rendered_by_hand(_name(step.change)):
                wanted.setdefault(section, []).append(step)
    return tuple(
        msgspec.structs.replace(
            described(Act(host, "render", (section,)), (), (host,)),
            controls=tuple(dict.fromkeys(c for s in causes for c in s.controls)),
            effort=max((s.effort for s in causes), key=EFFORTS.index),
        )
        for section, causes in wanted.items()
    )


def unfit(
    change: Change, report: Report, facts: Facts | None, host: str, *, alone: bool
) -> str:
    """Say why a plan for a host leaves a change out; empty where it may be made.

    `alone` accepts that not all nodes were seen on which the change works.
    """
    found = refusal(change, facts)
    if found:
        return f"never planned: {found}"
    if not isinstance(change, SetAttr):
        here = change.target == host
        return "" if here else f"make the plan of {change.target} there"
    nodes = (*report.hosts_seen, *report.hosts_missing)
    unseen = [n for n in reaches(change, nodes) if n not in report.hosts_seen]
    if unseen and not alone:
        return (
            f"{change.target} reaches {', '.join(unseen)}, not seen: add the evidence "
            "of each, or --only-this-node-seen"
        )
    return ""


class _Choice(msgspec.Struct, frozen=True):
    """Which cures are wanted, and what they may reach."""

    report: Report
    named: frozenset[str]
    allowed: Callable[[Finding], bool]
    facts: Facts | None
    alone: bool
    short_logs: bool

    @property
    def host(self) -> str:
        """Return the node on which the plan will be applied."""
        seen = self.report.hosts_seen
        return seen[0] if seen else self.report.host

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return every node of the installation, seen or not."""
        return (*self.report.hosts_seen, *self.report.hosts_missing)

    def findings(self) -> Iterator[Finding]:
        """Yield what failed and is named, by control, so that order means nothing."""
        found = (f for f in self.report.findings if f.status is Status.FAIL)
        for finding in sorted(found, key=lambda finding: finding.control):
            if not self.named or finding.control in self.named:
                yield finding

    def wanted(self, finding: Finding) -> bool:
        """Say whether a cure is asked for; one that can hurt must be."""
        if self.named:
            return finding.control in self.named
        opts = self.facts and opted(self.facts.profile, finding.control)
        return bool(not finding.locks_out or opts or self.allowed(finding))

    def against(self, change: Change) -> str:
        """Say why a change is left out; empty where it may be made."""
        found = unfit(change, self.report, self.facts, self.host, alone=self.alone)
        if found or not isinstance(change, SetAttr):
            return found
        return "" if self.short_logs else unseen_relays(change, self.facts)


def _gathered(choice: _Choice) -> tuple[list[_Merged], list[Left]]:
    """Return the cures by place, and what is left out."""
    places: dict[tuple[str, ...], _Merged] = {}
    left: list[Left] = []
    for finding in choice.findings():
        wanted = choice.wanted(finding)
        left += _left(finding, wanted=wanted)
        cures = [d.cure for d in finding.deviations if d.cure is not None]
        for cure in cures if wanted else ():
            reason = choice.against(cure)
            if reason:
                left.append(Left(finding.control, reason))
                continue
            place = places.setdefault(cure.place, _Merged([], []))
            place.changes.append(cure)
            place.findings.append(finding)
    return list(places.values()), left


def plan(
    report: Report,
    *,
    machine: str = "",
    only: Iterable[str] = (),
    efforts: Iterable[Effort] = EFFORTS,
    allowed: Callable[[Finding], bool] = lambda _: False,
    facts: Facts | None = None,
    alone: bool = False,
    short_logs: bool = False,
) -> Plan:
    """Return the plan of a report.

    `only` names controls, which then may hurt; `efforts` cuts the plan to some;
    `allowed` says which hurting cures are opted into, besides `facts`'s profile.
    `facts` tell who would be hurt; `alone` accepts that other nodes were not seen,
    `short_logs` that nobody knows who sends mail through the server.
    """
    choice = _Choice(report, frozenset(only), allowed, facts, alone, short_logs)
    gathered, left = _gathered(choice)
    steps: list[Step] = []
    for merged in gathered:
        try:
            change = joined(merged.changes)
        except Conflict as conflict:
            left += [Left(f.control, f"conflict: {conflict}") for f in merged.findings]
        else:
            steps.append(described(change, merged.findings, choice.nodes, facts))
    wished = set(efforts)
    chosen = sorted((step for step in steps if step.effort in wished), key=order)
    return Plan(
        host=Host(choice.host, machine or report.machine, report.version),
        when=report.when,
        zmward=report.zmward,
        steps=(*chosen, *sorted(renderings(chosen, choice.host), key=order)),
        reloads=folded(chosen),
        left=tuple(dict.fromkeys(left)),
        hosts_missing=report.hosts_missing,
        profile_hash=report.profile_hash,
        evidence_hash=report.evidence_hash,
        hosts_seen=report.hosts_seen,
        signs=signs(report.findings),
    )


def folded(steps: Iterable[Step]) -> tuple[str, ...]:
    """Return our own restarts, each once, in Zimbra's order; `all` does the others."""
    services = {service for step in steps for service in step.restarts}
    if "all" in services:
        return ("all",)
    return tuple(service for service in RESTART_ORDER if service in services)
