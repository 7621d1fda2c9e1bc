"""All holes of the evidence, worst first, and what closes most of them at once."""

from datetime import date

import msgspec

from zmward.catalog.advisories import Advisory
from zmward.patches.standing import OnNode, Standing


class Hole(msgspec.Struct, frozen=True):
    """One advisory over all nodes; `standing` and `reason` are those of the worst one.

    `released` is the exact day on which this line's fix came out, None where only the
    publication of the hole is known. `met` says that its condition surely holds.
    """

    advisory: Advisory
    standing: Standing
    reason: str
    nodes: tuple[OnNode, ...]
    fix: str = ""
    released: date | None = None
    met: bool | None = None
    advice: str = ""


class Step(msgspec.Struct, frozen=True):
    """One move of the nodes of a line to one build: what it closes, what stays open."""

    line: str
    version: str
    nodes: tuple[str, ...]
    closes: tuple[str, ...]
    leaves: tuple[str, ...]


class Level(msgspec.Struct, frozen=True):
    """What one component of a node is at; several texts where it is in doubt."""

    component: str
    levels: tuple[str, ...]
    package: str = ""
    doubt: str = ""


class Node(msgspec.Struct, frozen=True):
    """What is installed on one node; empty texts are unknown."""

    name: str
    levels: tuple[Level, ...]
    edition: str = ""
    origin: str = ""
    line: str = ""
    line_end: date | None = None
    system: str = ""
    system_end: date | None = None
    newest: str = ""
    notes: tuple[str, ...] = ()


class Overview(msgspec.Struct, frozen=True):
    """Every hole of the catalog, worst first, with the day of the catalog's facts."""

    generated: date
    nodes: tuple[Node, ...]
    holes: tuple[Hole, ...]
    steps: tuple[Step, ...]

    @property
    def open(self) -> tuple[Hole, ...]:
        """Return the holes that surely apply, worst first."""
        return tuple(h for h in self.holes if h.standing is Standing.APPLIES)

    @property
    def unknown(self) -> tuple[Hole, ...]:
        """Return the holes of which it could not be found out, worst first."""
        return tuple(h for h in self.holes if h.standing is Standing.UNKNOWN)
