"""All holes of the evidence, worst first, and what closes most of them at once."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from typing import Any, Final

import msgspec

from zmward.catalog.advisories import Advisories, Advisory
from zmward.catalog.releases import releases
from zmward.catalog.support import branches, systems
from zmward.evidence import DIRECTORY, Unseen
from zmward.facts import Facts
from zmward.i18n import Said, fill, mark, spoken
from zmward.patches.advice import advice, dead, living, numbers
from zmward.patches.due import today
from zmward.patches.installed import Installed, installed
from zmward.patches.standing import (
    CLOSED,
    OnNode,
    Standing,
    on_node,
    verdict,
    worst,
)
from zmward.patches.version import Version, known, newest
from zmward.sources.accounts import ACCOUNTS
from zmward.sources.amavis import PAX
from zmward.sources.amavis_helpers import AMAVIS_HELPERS
from zmward.sources.app_passwords import APP_PASSWORDS
from zmward.sources.directory import CONFIG, COSES, DOMAINS, SERVERS
from zmward.sources.extensions import EXTENSIONS, ZIMLETS
from zmward.sources.history import HISTORY
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.osrelease import OS_RELEASE
from zmward.sources.packages import PACKAGES
from zmward.sources.source import Source
from zmward.sources.sudoers import SUDOERS
from zmward.sources.zmcontrol import ZMCONTROL


class Hole(msgspec.Struct, frozen=True):
    """One advisory over all nodes; `standing` and `said` are those of the worst one.

    `fix` is the build that surely closes it on that node's line, `released` the exact
    day on which that build came out, None where only the publication is known.
    `remedy` is the build to go to, proven or not; empty where none is out.
    """

    advisory: Advisory
    standing: Standing
    said: Said | str
    nodes: tuple[OnNode, ...]
    fix: str = ""
    remedy: str = ""
    released: date | None = None
    met: bool | None = None
    advice: Said | str = ""

    @property
    def reason(self) -> str:
        """Return why it stands so, in English."""
        return spoken(self.said)


class Step(msgspec.Struct, frozen=True):
    """One move of the nodes of a line to one build: what it closes, what stays open.

    `perhaps` are the holes of which no record proves that the build closes them.
    """

    line: str
    version: str
    nodes: tuple[str, ...]
    closes: tuple[str, ...]
    leaves: tuple[str, ...]
    perhaps: tuple[str, ...] = ()


class Level(msgspec.Struct, frozen=True):
    """What one component of a node is at; several texts where it is in doubt."""

    component: str
    levels: tuple[str, ...]
    package: str = ""
    doubt: Said | str = ""


class Node(msgspec.Struct, frozen=True):
    """What is installed on one node; empty texts are unknown.

    `line_source` says who tells the end of the line, where it is not verified.
    """

    name: str
    levels: tuple[Level, ...]
    edition: str = ""
    origin: str = ""
    line: str = ""
    line_end: date | None = None
    line_source: str = ""
    system: str = ""
    system_end: date | None = None
    newest: str = ""
    notes: tuple[Said | str, ...] = ()


class Overview(msgspec.Struct, frozen=True):
    """Every known hole, worst first, with the day of the catalog's facts.

    `later` are those that were published after the day that is judged.
    """

    generated: date
    nodes: tuple[Node, ...]
    holes: tuple[Hole, ...]
    steps: tuple[Step, ...]
    later: tuple[str, ...] = ()

    def standing(self, wanted: Standing) -> tuple[Hole, ...]:
        """Return the holes with one standing, worst first."""
        return tuple(hole for hole in self.holes if hole.standing is wanted)

    def on(self, node: str) -> tuple[tuple[Hole, OnNode], ...]:
        """Return every hole that was judged on a node, worst first."""
        found = (
            (hole, one) for hole in self.holes for one in hole.nodes if one.node == node
        )
        return tuple(found)

    @property
    def open(self) -> tuple[Hole, ...]:
        """Return the holes that surely apply, worst first."""
        return self.standing(Standing.APPLIES)

    @property
    def unknown(self) -> tuple[Hole, ...]:
        """Return the holes of which it could not be found out, worst first."""
        return self.standing(Standing.UNKNOWN)


# All that the judging reads, whatever the catalog says.
EVIDENCE: Final[tuple[Source[Any], ...]] = (
    *(
        PACKAGES,
        HISTORY,
        ZMCONTROL,
        SERVERS,
        CONFIG,
        COSES,
        DOMAINS,
        ACCOUNTS,
        APP_PASSWORDS,
    ),
    *(LOCALCONFIG, PAX, AMAVIS_HELPERS, ZIMLETS, EXTENSIONS, SUDOERS, OS_RELEASE),
)
_STANDINGS = tuple(Standing)


def _line(found: Installed) -> str:
    """Return the line of a node's newest component."""
    versions = [one for part in found.parts for one in part.versions]
    return max(versions).line if versions else ""


@cache
def _days() -> dict[str, date | None]:
    """Return the exact day of each build, by the build as people write it."""
    return {str(known(one.version)): one.released for one in releases().builds}


def _remedy(advisory: Advisory, found: OnNode, line: str) -> str:
    """Return the build that is out and meant to close an open hole, if there is one."""
    if found.standing is not Standing.APPLIES or found.undone:
        return ""
    if found.fix:
        return found.fix
    lines = (line, living()) if dead(line) else (line,)
    stated = {fix.line: fix.surely for fix in advisory.fixes if fix.surely}
    text = next((stated[one] for one in lines if one in stated), "")
    return str(known(text)) if text else ""


def _soonest(one: OnNode) -> tuple[bool, date]:
    """Return what sorts nodes alike: whose fix is out longest comes first."""
    return not one.fix, _days().get(one.fix) or date.min


def _hole(advisory: Advisory, nodes: tuple[Installed, ...], facts: Facts) -> Hole:
    """Judge one advisory on every node."""
    judged = (on_node(advisory, node, facts) for node in nodes)
    found = tuple(one for one in judged if one is not None)
    standing = worst(one.standing for one in found)
    alike = (one for one in found if one.standing is standing)
    first = min(alike, key=_soonest, default=None)
    if first is None:
        form = mark("no node has the component {component}")
        none = fill(form, component=advisory.component)
        return Hole(advisory, standing, none, found)
    line = next(_line(node) for node in nodes if node.node == first.node)
    return Hole(
        *(advisory, standing, first.said, found, first.fix),
        remedy=_remedy(advisory, first, line),
        released=_days().get(first.fix),
        met=first.met,
        advice=advice(advisory, first, line),
    )


def _rank(hole: Hole) -> tuple[int, bool, bool, bool, float, int, str]:
    """Return what sorts a hole: the worst first, then the newest."""
    row = hole.advisory
    published = row.published.toordinal() if row.published else 0
    return (
        _STANDINGS.index(hole.standing),
        not row.exploited,
        not row.reachable,
        hole.met is not True,
        -(row.cvss or 0.0),
        -published,
        row.id,
    )


def _targets(line: str) -> Iterator[Version]:
    """Yield the builds to which the nodes of a line may go in one step."""
    for one in dict.fromkeys((line, living())):
        last = newest(one)
        if last is not None and numbers(one) >= numbers(line):
            yield last


def _after(hole: Hole, version: Version) -> Standing:
    """Return how an open hole stands after a move; a fix taken back stays so."""
    if any(one.undone for one in hole.nodes):
        return Standing.APPLIES
    said = verdict(hole.advisory, version).standing
    return Standing.FIXED if said in CLOSED else said


def _step(
    target: Version, line: str, names: tuple[str, ...], holes: Iterable[Hole]
) -> Step:
    """Return what one move closes of what is open on the nodes of a line."""
    found: dict[Standing, list[str]] = {standing: [] for standing in Standing}
    for hole in holes:
        here = [one.standing for one in hole.nodes if one.node in names]
        if worst(here) is Standing.APPLIES:
            found[_after(hole, target)].append(hole.advisory.id)
    return Step(
        *(line, str(target), names),
        closes=tuple(found[Standing.FIXED]),
        leaves=tuple(found[Standing.APPLIES]),
        perhaps=tuple(found[Standing.UNKNOWN]),
    )


def _steps(nodes: tuple[Installed, ...], holes: tuple[Hole, ...]) -> tuple[Step, ...]:
    """Return the moves that close something, the most first."""
    lines: dict[str, list[str]] = {}
    for node in nodes:
        if line := _line(node):
            lines.setdefault(line, []).append(node.node)
    found = [
        _step(target, line, tuple(names), holes)
        for line, names in lines.items()
        for target in _targets(line)
    ]
    useful = [step for step in found if step.closes]
    return tuple(sorted(useful, key=lambda step: -len(step.closes)))


def _system(facts: Facts, node: str) -> tuple[str, date | None]:
    """Return the operating system and the day its support ends, where known."""
    try:
        found = facts.read(OS_RELEASE, node)
    except Unseen:
        return "", None
    text = f"{found.id} {found.version}"
    ends = (
        row.end
        for row in systems()
        if row.id == found.id
        and row.verified
        and found.version in (row.version, row.version.partition(".")[0])
    )
    return text, next(ends, None)


def _once(texts: Iterable[Said | None]) -> tuple[Said, ...]:
    """Return what there is to say, each text once."""
    found = {text.by(): text for text in texts if text is not None}
    return tuple(found.values())


def _node(found: Installed, facts: Facts) -> Node:
    """Return what is shown of a node."""
    system, system_end = _system(facts, found.node)
    line = _line(found)
    end = branches().get(".".join(line.split(".")[:2])) if line else None
    last = newest(line) if line else None
    notes = _once((*(one.doubt for one in found.parts), *found.doubts))
    levels = tuple(
        Level(
            *(one.component, tuple(map(str, one.versions)), one.package),
            doubt=fill("{texts}", texts=_once((one.doubt, one.against))),
        )
        for one in found.parts
    )
    return Node(
        *(found.node, levels, found.edition, found.origin, line),
        line_end=end.end if end else None,
        line_source=end.source if end and not end.verified else "",
        system=system,
        system_end=system_end,
        newest=str(last) if last else "",
        notes=notes,
    )


def nodes_of(facts: Facts) -> tuple[Installed, ...]:
    """Return what is installed on every node that is not surely without Zimbra."""
    found = (installed(facts, host) for host in facts.hosts())
    return tuple(one for one in found if one is not None)


def overview(facts: Facts, catalog: Advisories | None = None) -> Overview:
    """Judge every advisory on every node, as far as it was published by the day."""
    nodes = nodes_of(facts)
    found = catalog or facts.catalog.advisories
    day = today(facts.now, facts.profile.patches)
    later = {row.id for row in found.rows if row.published and row.published > day}
    rows = (row for row in found.rows if row.id not in later)
    holes = tuple(sorted((_hole(row, nodes, facts) for row in rows), key=_rank))
    shown = tuple(_node(node, facts) for node in nodes)
    return Overview(
        *(found.generated, shown, holes, _steps(nodes, holes)),
        later=tuple(sorted(later)),
    )


def shared(facts: Facts) -> Overview:
    """Return the overview by the catalog that counts, worked out once per evidence."""
    return facts.kept("patches", DIRECTORY, lambda: overview(facts))
