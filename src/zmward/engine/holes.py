"""From evidence to what is owed: the holes, what helps against them, by when."""

from collections.abc import Iterator
from datetime import datetime

from zmward.catalog.advisories import Active, Advisory
from zmward.control import Control, Status
from zmward.controls.registry import controls
from zmward.engine.audit import audit
from zmward.evidence import Evidence
from zmward.facts import Facts
from zmward.patches.due import today
from zmward.patches.ledger import Around, Ledger, ledger
from zmward.patches.overview import EVIDENCE, Overview, overview
from zmward.profile import Profile
from zmward.sources.identity import IDENTITY

_JUDGED = (*EVIDENCE, IDENTITY)
# What keeps patches from coming, or from being in force.
_AROUND = (
    *("zimbra-repository-enabled", "zimbra-patches-complete"),
    *("os-security-updates-installed", "kernel-newest-runs"),
)
_SHOWN = 3


def _helping(rows: tuple[Advisory, ...]) -> tuple[Control, ...]:
    """Return the controls that say whether something helps until the patch is in."""
    known = controls()
    names = dict.fromkeys(m.control for row in rows for m in row.mitigations)
    return tuple(known[name] for name in names if name in known)


def _beside() -> tuple[Control, ...]:
    known = controls()
    return tuple(known[name] for name in _AROUND)


def _around(
    evidence: Evidence, profile: Profile, now: datetime, active: Active
) -> Iterator[Around]:
    """Yield the controls beside the holes that surely failed."""
    report = audit(evidence, _beside(), profile, now, catalog=active)
    for finding in report.findings:
        if finding.status is Status.FAIL:
            rows = finding.deviations
            texts = [f"{one.subject}: {one.found}" for one in rows[:_SHOWN]]
            texts += [f"and {len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else []
            yield Around(finding.control, finding.title, "; ".join(texts))


def needs(active: Active) -> frozenset[str]:
    """Return the names of all sources that a judgement may read."""
    judging = (*_helping(active.advisories.rows), *_beside())
    return frozenset(
        (*(one.name for one in _JUDGED), *(n for c in judging for n in c.check.needs))
    )


def _attested(row: Advisory, profile: Profile, now: datetime) -> bool:
    """Say whether somebody states that something else helps."""
    day = today(now, profile.patches)
    return profile.attested(f"mitigation-{row.id}", day) is not None


def _mitigated(
    found: Overview, evidence: Evidence, profile: Profile, now: datetime
) -> Iterator[str]:
    """Yield the ids of open holes against which something helps already."""
    rows = tuple(hole.advisory for hole in found.open)
    helping = _helping(rows)
    report = audit(evidence, helping, profile, now) if helping else None
    findings = report.findings if report else ()
    kept = {one.control for one in findings if one.status is Status.PASS}
    for row in rows:
        passed = any(one.control in kept for one in row.mitigations)
        if passed or _attested(row, profile, now):
            yield row.id


def holes(
    evidence: Evidence, profile: Profile, now: datetime, active: Active
) -> Ledger:
    """Return what is owed at a time, by the advisories that count."""
    facts = Facts(evidence, profile, now, active)
    found = overview(facts)
    return ledger(
        found,
        profile.patches,
        now,
        host=", ".join(evidence.hosts),
        when=evidence.when,
        mitigated=frozenset(_mitigated(found, evidence, profile, now)),
        serial=active.serial,
        trouble=active.trouble,
        hosts_missing=facts.unseen_hosts(),
        around=tuple(_around(evidence, profile, now, active)),
    )
