"""Open holes and their due dates as JSON: the schema `zmward.patches/1`."""

from datetime import date
from typing import Final

import msgspec

from zmward.i18n import spoken
from zmward.patches.ledger import Around, Ledger, Owed
from zmward.patches.overview import Node, Step
from zmward.patches.rating import Basis, Rating
from zmward.patches.standing import OnNode, Standing

SCHEMA: Final = "zmward.patches/1"


class CatalogShown(msgspec.Struct, frozen=True):
    """The catalog of advisories that judged."""

    generated: date
    serial: int
    age_days: int
    old: bool
    trouble: str


class InstalledShown(msgspec.Struct, frozen=True):
    """One component of one node."""

    node: str
    component: str
    version: str
    package: str
    doubt: str


class NodeShown(msgspec.Struct, frozen=True):
    """One node as a whole."""

    node: str
    edition: str
    origin: str
    line: str
    line_end: date | None
    line_source: str
    newest: str
    system: str
    system_end: date | None
    doubts: tuple[str, ...]


class MitigationShown(msgspec.Struct, frozen=True):
    """What helps until the patch is in."""

    text: str
    control: str


class OnNodeShown(msgspec.Struct, frozen=True):
    """How one hole stands on one node, and why."""

    node: str
    standing: Standing
    reason: str
    installed: str
    fix: str
    met: bool | None
    undone: bool
    latest: bool
    stated: bool


class AdvisoryShown(msgspec.Struct, frozen=True):
    """One hole, how it stands on the site, and by when it must be closed."""

    id: str
    status: Standing
    reason: str
    exploited: bool
    listed: date | None
    rating: Rating
    basis: Basis
    cvss: float | None
    due: date | None
    due_at: str
    known_since: date | None
    overdue_days: int | None
    mitigated: bool
    summary: str
    access: str
    condition_met: bool | None
    fixed_in: tuple[str, ...]
    mitigations: tuple[MitigationShown, ...]
    remedy: str
    advice: str
    nodes: tuple[OnNodeShown, ...]


class PatchesShown(msgspec.Struct, frozen=True):
    """The whole document; the advisories are in the order in which to close them."""

    schema: str
    host: str
    when: str
    judged: date
    hosts_missing: tuple[str, ...]
    catalog: CatalogShown
    installed: tuple[InstalledShown, ...]
    nodes: tuple[NodeShown, ...]
    counts: dict[str, int]
    overdue: int
    around: tuple[Around, ...]
    steps: tuple[Step, ...]
    windows: tuple[date, ...]
    later: tuple[str, ...]
    advisories: tuple[AdvisoryShown, ...]


def _on_node(one: OnNode) -> OnNodeShown:
    return OnNodeShown(
        *(one.node, one.standing, one.reason, one.installed, one.fix),
        *(one.met, one.undone, one.latest, one.stated),
    )


def _advisory(row: Owed) -> AdvisoryShown:
    hole, advisory, due = row.hole, row.hole.advisory, row.due
    fixes = (fix.surely or fix.since for fix in advisory.fixes)
    return AdvisoryShown(
        id=advisory.id,
        status=hole.standing,
        reason=hole.reason,
        exploited=advisory.exploited,
        listed=advisory.listed,
        rating=row.rated.rating,
        basis=row.rated.basis,
        cvss=advisory.cvss,
        due=due.day if due else None,
        due_at=f"{due.at:%H:%M}" if due and due.at else "",
        known_since=due.since if due else None,
        overdue_days=due.overdue_days if due else None,
        mitigated=row.mitigated,
        summary=advisory.summary,
        access=advisory.access,
        condition_met=hole.met,
        fixed_in=tuple(fix for fix in fixes if fix),
        mitigations=tuple(
            MitigationShown(one.text, one.control) for one in advisory.mitigations
        ),
        remedy=hole.remedy,
        advice=spoken(hole.advice),
        nodes=tuple(map(_on_node, hole.nodes)),
    )


def _catalog(ledger: Ledger) -> CatalogShown:
    found = ledger.catalog
    return CatalogShown(
        *(found.generated, found.serial, found.age_days, found.old, found.trouble)
    )


def _installed(ledger: Ledger) -> tuple[InstalledShown, ...]:
    return tuple(
        InstalledShown(
            *(node.name, level.component, " or ".join(level.levels)),
            *(level.package, spoken(level.doubt)),
        )
        for node in ledger.overview.nodes
        for level in node.levels
    )


def _node(node: Node) -> NodeShown:
    return NodeShown(
        *(node.name, node.edition, node.origin, node.line, node.line_end),
        *(node.line_source, node.newest, node.system, node.system_end),
        tuple(map(spoken, node.notes)),
    )


def document(ledger: Ledger) -> PatchesShown:
    """Return the document."""
    return PatchesShown(
        schema=SCHEMA,
        host=ledger.host,
        when=ledger.when,
        judged=ledger.judged,
        hosts_missing=ledger.hosts_missing,
        catalog=_catalog(ledger),
        installed=_installed(ledger),
        nodes=tuple(map(_node, ledger.overview.nodes)),
        counts={one.value: len(ledger.standing(one)) for one in Standing},
        overdue=len(ledger.overdue),
        around=ledger.around,
        steps=ledger.overview.steps,
        windows=ledger.windows,
        later=ledger.overview.later,
        advisories=tuple(map(_advisory, ledger.rows)),
    )


def render(ledger: Ledger) -> str:
    """Return the document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(document(ledger))).decode() + "\n"
