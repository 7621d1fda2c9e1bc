"""What a report comes to: the next steps, the counts, the repairs, the unknown."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from zmward.change import Change
from zmward.control import Severity, Status
from zmward.finding import EFFORTS, Effort, Finding, Report, rank


class Repairs(msgspec.Struct, frozen=True):
    """All changes of one effort: how many, what restarts, whom they can hurt."""

    effort: Effort
    changes: int
    findings: int
    restarts: tuple[str, ...]
    hurts: tuple[str, ...]


class Topic(msgspec.Struct, frozen=True):
    """One topic's findings, worst first."""

    name: str
    findings: tuple[Finding, ...]

    @property
    def status(self) -> Status:
        """Return the worst status of the topic."""
        return self.findings[0].status

    def number(self, status: Status) -> int:
        """Return how many findings have a status."""
        return sum(finding.status is status for finding in self.findings)


class Gap(msgspec.Struct, frozen=True):
    """One reason why something is not known, and the controls that wait for it."""

    reason: str
    controls: tuple[str, ...]


def steps(report: Report, most: int = 3) -> tuple[Finding, ...]:
    """Return the worst findings that somebody must look at now."""
    waiting = (Status.FAIL, Status.UNKNOWN)
    return tuple(f for f in sorted(report.findings, key=rank) if f.status in waiting)[
        :most
    ]


def severities(report: Report) -> dict[Severity, int]:
    """Return how many controls failed, by severity, worst first."""
    found = Counter(f.severity for f in report.findings if f.status is Status.FAIL)
    return {severity: found[severity] for severity in Severity}


def topics(report: Report) -> tuple[Topic, ...]:
    """Return the topics in the order of their names."""
    found: dict[str, list[Finding]] = {}
    for finding in sorted(report.findings, key=rank):
        found.setdefault(finding.topic, []).append(finding)
    return tuple(Topic(name, tuple(found[name])) for name in sorted(found))


def next_lapse(report: Report) -> Finding | None:
    """Return the waived finding whose waiver ends first."""
    waived = [f for f in report.findings if f.waiver is not None]
    return min(waived, key=lambda f: f.waiver.until if f.waiver else None, default=None)  # type: ignore[arg-type,return-value]  # only waived ones are in the list


def _cures(finding: Finding) -> tuple[Change, ...]:
    return tuple(d.cure for d in finding.deviations if d.cure is not None)


def efforts(report: Report) -> tuple[Repairs, ...]:
    """Return the repairs of what failed; a change counts once, where it is hardest."""
    failed = [f for f in report.findings if f.status is Status.FAIL]
    hardest: dict[tuple[str, ...], Effort] = {}
    for finding in failed:
        for cure in _cures(finding):
            other = hardest.get(cure.place, "safe")
            hardest[cure.place] = max(other, finding.effort, key=EFFORTS.index)
    return tuple(_repairs(effort, failed, hardest) for effort in EFFORTS)


def _repairs(
    effort: Effort, failed: Iterable[Finding], hardest: dict[tuple[str, ...], Effort]
) -> Repairs:
    own = [f for f in failed if f.effort == effort]
    cures = [
        cure for f in failed for cure in _cures(f) if hardest[cure.place] == effort
    ]
    return Repairs(
        effort=effort,
        changes=len({cure.place for cure in cures}),
        findings=len(own),
        restarts=tuple(sorted({name for cure in cures for name in cure.restarts()})),
        hurts=tuple(dict.fromkeys(f.locks_out for f in own if f.locks_out)),
    )


def _reasons(finding: Finding, hosts: Iterable[str]) -> set[str]:
    found = set()
    for part in finding.reason.split("; "):
        host, colon, rest = part.partition(": ")
        found.add(rest if colon and host in hosts else part)
    return found


def gaps(report: Report) -> tuple[Gap, ...]:
    """Return the reasons for UNKNOWN, the one that hides most controls first."""
    hosts = (*report.hosts_seen, *report.hosts_missing)
    found: dict[str, list[str]] = {}
    for finding in report.findings:
        if finding.status is Status.UNKNOWN:
            for reason in _reasons(finding, hosts):
                found.setdefault(reason, []).append(finding.control)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Gap(reason, tuple(ids)) for reason, ids in ordered)
