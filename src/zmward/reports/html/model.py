"""A report as the plain values that the page's templates show."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from zmward.catalog.tips import TIPS
from zmward.change import Change
from zmward.deviation import Excerpt
from zmward.finding import Finding
from zmward.i18n import Speaker, mark
from zmward.profile import Waiver
from zmward.reports.folding import Fold, folds
from zmward.reports.plain import command
from zmward.reports.words import LAYERS, MARKS, SEVERITIES, STATES, STATUSES, topic

_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_WEB = re.compile(r"https?://[^\s<>\"']+")


class LayerShown(msgspec.Struct, frozen=True):
    """One layer of proof: how it stands, in a mark and in words."""

    name: str
    state: str
    mark: str
    words: str
    meaning: str


class Row(msgspec.Struct, frozen=True):
    """What is wrong with some subjects alike, and the reason for no repair."""

    kind: str
    subjects: tuple[str, ...]
    layer: str
    found: str
    wanted: str
    no_cure: str


class Repair(msgspec.Struct, frozen=True):
    """The very commands of a finding's repair, and those that undo it."""

    effort: str
    commands: tuple[str, ...]
    undo: tuple[str, ...]
    restarts: tuple[str, ...]


class Link(msgspec.Struct, frozen=True):
    """A reference; only one to the web can be followed."""

    text: str
    href: str


class Item(msgspec.Struct, frozen=True):
    """One finding."""

    anchor: str
    control: str
    title: str
    status: str
    mark: str
    status_words: str
    severity: str
    severity_words: str
    topic: str
    tips: tuple[str, ...]
    reason: str
    layers: tuple[LayerShown, ...]
    rows: tuple[Row, ...]
    repair: Repair | None
    evidence: Mapping[str, tuple[str, ...]]
    waiver: Waiver | None
    why: str
    impact: str
    locks_out: str
    note: str
    links: tuple[Link, ...]


class Section(msgspec.Struct, frozen=True):
    """One topic and its findings, worst first."""

    name: str
    title: str
    items: tuple[Item, ...]


class TipShown(msgspec.Struct, frozen=True):
    """One tip of the mission and the findings that serve it."""

    id: str
    title: str
    until: str
    items: tuple[Item, ...]


_EFFORTS = {
    "safe": mark("Safe to apply now: no restart, nobody affected."),
    "window": mark("Needs a window: services restart."),
    "decision": mark("Needs your decision."),
    "none": mark("zmward has no repair for it."),
}


def anchor(control: str, number: int) -> str:
    """Return the finding's place in the page; a strange id gets a number."""
    return control if _ID.fullmatch(control) else f"finding-{number}"


def _layers(finding: Finding, say: Speaker) -> tuple[LayerShown, ...]:
    found = []
    for name, (word, meaning) in LAYERS.items():
        state = getattr(finding.layers, name)
        sign, words = STATES[state]
        shown = LayerShown(say(word), state.name, sign, say(words), say(meaning))
        found.append(shown)
    return tuple(found)


def _row(fold: Fold, say: Speaker) -> Row:
    return Row(
        kind=fold.kind,
        subjects=fold.subjects,
        layer=fold.layer,
        found=fold.found,
        wanted=fold.wanted,
        no_cure=say(fold.no_cure),
    )


def _lines(changes: Iterable[Change | None]) -> tuple[str, ...]:
    found = (
        command(argv) for change in changes if change for argv in change.commands()
    )
    return tuple(dict.fromkeys(found))


def _repair(finding: Finding, say: Speaker) -> Repair | None:
    if not finding.deviations:
        return None
    cures = [d.cure for d in finding.deviations if d.cure is not None]
    return Repair(
        effort=say(_EFFORTS[finding.effort]),
        commands=_lines(cures),
        undo=_lines(cure.inverse() for cure in reversed(cures)),
        restarts=tuple(sorted({name for cure in cures for name in cure.restarts()})),
    )


def _link(reference: str) -> Link:
    return Link(reference, reference if _WEB.fullmatch(reference) else "")


def _evidence(excerpts: Iterable[Excerpt]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for one in excerpts:
        found.setdefault(one.source, []).append(one.excerpt)
    return {source: tuple(texts) for source, texts in found.items()}


def item(finding: Finding, number: int, say: Speaker) -> Item:
    """Return one finding as the page shows it."""
    return Item(
        anchor=anchor(finding.control, number),
        control=finding.control,
        title=say(finding.title),
        status=finding.status.value,
        mark=MARKS[finding.status],
        status_words=say(STATUSES[finding.status]),
        severity=finding.severity.value,
        severity_words=say(SEVERITIES[finding.severity]),
        topic=finding.topic,
        tips=finding.tips,
        reason=finding.reason,
        layers=_layers(finding, say),
        rows=tuple(_row(fold, say) for fold in folds(finding.deviations)),
        repair=_repair(finding, say),
        evidence=_evidence(finding.evidence),
        waiver=finding.waiver,
        why=say(finding.why),
        impact=say(finding.impact),
        locks_out=say(finding.locks_out),
        note=say(finding.note),
        links=tuple(_link(reference) for reference in finding.refs),
    )


def sections(items: Iterable[Item], say: Speaker) -> tuple[Section, ...]:
    """Return the items by topic."""
    found: dict[str, list[Item]] = {}
    for one in items:
        found.setdefault(one.topic, []).append(one)
    return tuple(
        Section(name, say(topic(name)), tuple(found[name])) for name in sorted(found)
    )


def tips(items: Iterable[Item], say: Speaker) -> tuple[TipShown, ...]:
    """Return every tip of the mission with the items that serve it."""
    own = tuple(items)
    return tuple(
        TipShown(
            id=tip,
            title=say(row.title),
            until=say(row.until),
            items=tuple(one for one in own if tip in one.tips),
        )
        for tip, row in TIPS.items()
    )


def waived(items: Iterable[Item]) -> tuple[Item, ...]:
    """Return the waived items, the one whose waiver lapses next first."""
    found = [(one.waiver.until, one.anchor, one) for one in items if one.waiver]
    return tuple(one for _, _, one in sorted(found, key=lambda row: row[:2]))
