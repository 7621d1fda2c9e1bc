"""Whether a site is ready for an upgrade, from its evidence and, live, its files."""

from collections.abc import Iterable, Iterator

from zmward.configuration.overwritten import (
    Record,
    noted,
    of_generated,
    of_record,
)
from zmward.control import Control, Status
from zmward.controls.registry import controls
from zmward.engine.audit import audit
from zmward.engine.changed_templates import Known, templates
from zmward.engine.history import history
from zmward.engine.losses import lost_in_all
from zmward.engine.room_for_upgrade import room
from zmward.engine.site import Site
from zmward.errors import ZmwardError
from zmward.facts import Facts
from zmward.finding import Finding
from zmward.handmade.losses import Loss
from zmward.i18n import Said, fill, mark
from zmward.patches.kept import kept
from zmward.patches.overview import overview
from zmward.patches.readiness import (
    CONTROLS,
    DISK,
    IMMUTABLE,
    STATES,
    TEMPLATES,
    Ready,
    path,
    services,
    unasked,
    whole,
)
from zmward.sources.listeners import LISTENERS

_SHOWN = 3
_PENDING = ("interrupted", "unconfirmed", "rolled back in part")
_LIVE = mark("only the host itself tells: run this on it, or with --host")


def judging() -> tuple[Control, ...]:
    """Return the controls that speak of readiness."""
    known = controls()
    return tuple(known[name] for names in CONTROLS.values() for name in names)


def needs() -> frozenset[str]:
    """Return the names of the sources that a judgement reads, beside the holes'."""
    return frozenset((LISTENERS.name, *(n for c in judging() for n in c.check.needs)))


def _said(subject: str, finding: Finding) -> Iterator[Ready]:
    """Yield what a finding says of a subject; a waived failure stays one."""
    step = f"zmward explain {finding.control}"
    if finding.status is Status.PASS:
        yield Ready(subject, "well", finding.title)
    elif finding.status is Status.UNKNOWN:
        text = fill(
            "{title}? {reason}", title=Said(finding.title), reason=finding.reason
        )
        yield Ready(subject, "unknown", text, step)
    elif finding.status in (Status.FAIL, Status.WAIVED):
        shown = finding.deviations[:_SHOWN]
        seen = "; ".join(f"{one.subject}: {one.found}" for one in shown)
        text = fill(
            mark("Not so: {title}. {seen}"), title=Said(finding.title), seen=seen
        )
        yield Ready(subject, "bad", text, step)


def _judged(facts: Facts) -> Iterator[Ready]:
    report = audit(
        facts.evidence,
        judging(),
        facts.profile,
        facts.now,
        catalog=facts.catalog,
    )
    found = {finding.control: finding for finding in report.findings}
    for subject, names in CONTROLS.items():
        for name in names:
            if name in found:
                yield from _said(subject, found[name])


_NO_RECORD = Record(why=_LIVE)


def _lost(loss: Loss, record: Record) -> Ready:
    subject = mark("hand-edited files")
    if loss.why:
        return Ready(subject, "unknown", f"{loss.path}: {loss.why}")
    lines = "; ".join(loss.lines[:_SHOWN])
    step = mark("move it into an attribute or a template, or write it down")
    since = noted(record, loss.path)
    if since is None:
        return Ready(subject, "bad", f"{loss.path}: {lines}", step)
    text = fill("{path}: {lines} ({since})", path=loss.path, lines=lines, since=since)
    return Ready(subject, "bad", text, step)


def hand_made(
    site: Site | None, host: str, record: Record = _NO_RECORD
) -> Iterator[Ready]:
    """Yield the files that were changed by hand and that an upgrade renders anew.

    What only the baseline knows of is named too: it may be Zimbra's own change.
    """
    subject = mark("hand-edited files")
    if site is None:
        yield Ready(subject, "unknown", _LIVE)
        return
    try:
        found, judged = lost_in_all(site, host)
    except ZmwardError as error:
        yield Ready(subject, "unknown", str(error))
        yield from of_generated(record)
        return
    yield from (_lost(loss, record) for loss in found)
    if not found:
        text = mark("zmconfigd would write every file as it is now")
        yield Ready(subject, "well", text)
    unjudged = {loss.path for loss in found if loss.why}
    yield from of_generated(record, frozenset(judged) - unjudged)


def own_changes(site: Site | None) -> Iterator[Ready]:
    """Yield what zmward itself changed, which the vendor's support will ask about."""
    subject = mark("our own changes")
    if site is None:
        yield Ready(subject, "unknown", _LIVE)
        return
    try:
        runs = history(site.door)
    except ZmwardError as error:
        yield Ready(subject, "unknown", str(error))
        return
    step = mark("zmward history lists them for the vendor's support")
    pending = [one.run for one in runs if one.state in _PENDING]
    if pending:
        text = fill(mark("not over: {runs}"), runs=", ".join(pending))
        yield Ready(subject, "bad", text, mark("confirm them or take them back first"))
    standing = [one for one in runs if one.state.startswith("kept")]
    if standing:
        steps = sum(one.steps for one in standing)
        names = ", ".join(
            dict.fromkeys(name for one in standing for name in one.controls)
        )
        text = fill(
            mark("{steps} changes in {runs} runs stand: {controls}"),
            steps=steps,
            runs=len(standing),
            controls=names,
        )
        yield Ready(subject, "well", text, step)
    elif not pending:
        yield Ready(subject, "well", mark("zmward changed nothing that stands"))


def readiness(
    facts: Facts,
    site: Site | None = None,
    known: Known | None = None,
    record: Record = _NO_RECORD,
) -> tuple[Ready, ...]:
    """Return everything, what is bad first; `site` is the live host, if it is one.

    `known` is what the history of the configuration tells of templates, `record` what
    the baseline of `zmward integrity` tells of this machine.
    """
    hosts: Iterable[str] = facts.evidence.hosts[:1]
    found = (
        *path(overview(facts)),
        *_judged(facts),
        *whole(facts),
        *services(facts),
        *kept(facts),
        *(one for host in hosts for one in hand_made(site, host, record)),
        *(room(site.door) if site else unasked(DISK, IMMUTABLE)),
        *(templates(site.door, facts, known, record) if site else unasked(TEMPLATES)),
        *of_record(record),
        *own_changes(site),
    )
    return tuple(sorted(found, key=lambda one: STATES.index(one.state)))
