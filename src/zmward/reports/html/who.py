"""Who reaches what on a node, as the cells of a table."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from zmward.firewall.grid import Cell, Grid, Row, amiss
from zmward.firewall.openings import Zone
from zmward.i18n import Speaker, mark
from zmward.reports.firewall_words import ZONE_WORDS

Kind = Literal["amiss", "open", "part", "unknown", "closed"]
# More rows would be a list, not a picture; the table of sockets has them all.
_MOST: Final = 200
_SIGNS: Final[Mapping[Kind, tuple[str, str, str]]] = {
    "amiss": ("✗", mark("open"), mark("open, and meant for nobody there")),
    "open": ("●", mark("open"), mark("open")),
    "part": ("◐", mark("some"), mark("open to some of its addresses")),
    "unknown": ("?", mark("not known"), mark("not known")),
    "closed": ("○", mark("closed"), mark("closed by the rules")),
}


class Shown(msgspec.Struct, frozen=True):
    """One cell: what kind it is, its sign and its word."""

    kind: Kind
    sign: str
    words: str


class Line(msgspec.Struct, frozen=True):
    """One row of the table."""

    name: str
    what: str
    cells: tuple[Shown, ...]


class Who(msgspec.Struct, frozen=True):
    """The table of one node; `more` says how many rows are left out."""

    zones: tuple[str, ...]
    rows: tuple[Line, ...]
    more: str = ""


def _cell(row: Row, zone: Zone, found: Cell, say: Speaker) -> Shown:
    kind: Kind = "amiss" if amiss(row, zone, found) else found
    sign, word, _ = _SIGNS[kind]
    if kind == "amiss" and found == "part":
        word = _SIGNS["part"][1]
    return Shown(kind, sign, say(word))


def who(grid: Grid | None, say: Speaker) -> Who | None:
    """Return the table; None where the rules are not known."""
    if grid is None:
        return None
    rows = tuple(
        Line(
            row.name,
            ", ".join(row.what),
            tuple(
                _cell(row, zone, found, say)
                for zone, found in zip(grid.zones, row.cells, strict=True)
            ),
        )
        for row in grid.rows[:_MOST]
    )
    rest = len(grid.rows) - len(rows)
    more = say.number(
        mark("{count} more port listens: the table below has it."),
        mark("{count} more ports listen: the table below has them."),
        rest,
    )
    zones = tuple(say(ZONE_WORDS[zone]) for zone in grid.zones)
    return Who(zones, rows, more if rest else "")


def signs(say: Speaker) -> list[tuple[Kind, str, str]]:
    """Return what the signs of the table mean."""
    return [(kind, sign, say(words)) for kind, (sign, _, words) in _SIGNS.items()]
