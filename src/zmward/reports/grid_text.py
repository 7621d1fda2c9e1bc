"""The picture of who reaches what, for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from zmward.firewall.grid import Cell, Grid, Row, Shut
from zmward.i18n import Speaker
from zmward.reports.firewall_words import CELLS, ZONE_WORDS
from zmward.reports.lines import clipped
from zmward.reports.plain import plain

STYLES: Final[Mapping[Cell, str]] = {
    "open": "bold green",
    "part": "bold cyan",
    "unknown": "bold magenta",
    "closed": "bright_black",
}
_NAME: Final = 20
_WHAT: Final = 14
_LEAST: Final = 4
_GAP: Final = 2
_SHUT: Final = 23
_STRANGERS: Final = "bold yellow"


def _heads(grid: Grid, say: Speaker, width: int) -> list[str]:
    """Return the columns' heads, as short as the width wants them."""
    heads = [say(ZONE_WORDS[zone]) for zone in grid.zones]
    room = width - _NAME - _WHAT
    longest = max(map(cell_len, heads), default=0)
    while longest > _LEAST and sum(min(cell_len(h), longest) + _GAP for h in heads) > (
        room
    ):
        longest -= 1
    return [head[:longest] for head in heads]


def _short(what: tuple[str, ...]) -> str:
    """Return the packets of a row; of two protocols on one port only one port."""
    protocols, ports = zip(*(one.partition(" ")[::2] for one in what), strict=True)
    if len(set(ports)) == 1:
        return f"{'/'.join(protocols)} {ports[0]}".strip()
    return ", ".join(what)


def _row(row: Row, grid: Grid, widths: list[int]) -> Text:
    line = Text("  ")
    line.append(plain(row.name, _NAME - 3).ljust(_NAME - _GAP))
    line.append(plain(_short(row.what), _WHAT - 1).ljust(_WHAT), style="none")
    for zone, found, width in zip(grid.zones, row.cells, widths, strict=True):
        style = STYLES[found]
        if zone == "internet" and found in ("open", "part"):
            style = _STRANGERS
        line.append(f"{CELLS[found][0]}".ljust(width + _GAP), style=style)
    return line


def legend(grid: Grid, say: Speaker) -> Text:
    """Return what the signs of the picture mean."""
    shown = {found for row in grid.rows for found in row.cells} | {"closed"}
    line = Text("  ")
    for found, (sign, words) in CELLS.items():
        if found in shown:
            line.append(f"{sign} ", style=STYLES[found])
            line.append(f"{say(words)}   ", style="none")
    return line


def _closed(one: Shut, width: int) -> Text:
    """Return one closed thing; of TCP alone the number is enough."""
    what = _short(one.what)
    number = plain(what.removeprefix("tcp ") if what.count(" ") == 1 else what, width)
    sign = f"{CELLS['closed'][0]} "
    room = width - cell_len(sign) - cell_len(number) - 1
    style = "none" if one.listening else STYLES["closed"]
    word = Text(sign, style=STYLES["closed"])
    word.append(f"{plain(one.name, room).ljust(room)} {number}", style=style)
    return word


def _beside(words: list[Text], columns: int) -> Iterator[Text]:
    """Yield texts in columns, read from left to right."""
    for start in range(0, len(words), columns):
        line = Text("  ")
        for word in words[start : start + columns]:
            line.append_text(word)
            line.append("  ", style="none")
        yield line


def shut_lines(
    found: tuple[Shut, ...], say: Speaker, width: int, most: int
) -> Iterator[Text]:
    """Yield what stays closed, what listens first; a long list is counted."""
    order = sorted(found, key=lambda one: one.listening is False)
    words = [_closed(one, _SHUT) for one in order[:most]]
    yield from _beside(words, max((width - 2) // (_SHUT + 2), 1))
    if len(order) > most:
        more = say("and {count} more that listen or may: --json names all")
        yield Text("  " + more.format(count=len(order) - most))


def picture(grid: Grid, say: Speaker, width: int) -> Iterator[Text]:
    """Yield the picture, line by line, within a width."""
    heads = _heads(grid, say, width)
    head = Text(" " * (_NAME + _WHAT))
    for zone, word in zip(grid.zones, heads, strict=True):
        style = _STRANGERS if zone == "internet" else "bold"
        head.append(word + " " * _GAP, style=style)
    yield clipped(head, width)
    widths = [cell_len(word) for word in heads]
    for row in grid.rows:
        yield clipped(_row(row, grid, widths), width)
    yield legend(grid, say)
