"""A site's page as Markdown: blocks, and the page into which they are first put."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from zmward.configuration.blocks import block
from zmward.configuration.document import (
    Listing,
    Part,
    Reach,
    Section,
    Table,
    Text,
)
from zmward.exposure import Node
from zmward.i18n import Speaker, mark
from zmward.reports.html.picture import VERDICTS
from zmward.reports.html.who import who
from zmward.reports.plain import plain

INTRODUCTION: Final = mark(
    "zmward writes what stands between its marks anew each time; everything else on "
    "this page is yours."
)
# What Markdown, or the HTML inside of it, takes for more than a letter.
_SPECIAL: Final = re.compile(r"[\\`*_{}\[\]<>#|~&!$]")
_LONGEST: Final = 300


def escaped(text: str) -> str:
    """Return one line of Markdown that shows this very text."""

    def char(match: re.Match[str]) -> str:
        return f"&#{ord(match[0])};"

    return _SPECIAL.sub(char, plain(text, _LONGEST))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table(table: Table, say: Speaker) -> Iterator[str]:
    if not table.rows:
        yield f"*{say(table.nothing)}*"
        return
    yield _row(escaped(say(head)) for head in table.heads)
    yield _row("---" for _ in table.heads)
    for row in table.rows:
        yield _row(map(escaped, row))


def _grid(node: Node, say: Speaker) -> Iterator[str]:
    found = who(node.who, say)
    if found is None or not found.rows:
        return
    yield _row((say(mark("service")), say(mark("port")), *map(escaped, found.zones)))
    yield _row("---" for _ in (*found.zones, "", ""))
    for line in found.rows:
        cells = (f"{cell.sign} {escaped(cell.words)}" for cell in line.cells)
        yield _row((escaped(line.name), escaped(line.what), *cells))
    if found.more:
        yield ""
        yield escaped(found.more)


def _sockets(node: Node, say: Speaker) -> Iterator[str]:
    heads = ("port", "protocol", "address", "program", "who reaches it")
    rows = tuple(
        (
            str(one.port),
            one.protocol,
            one.address,
            one.program or "-",
            f"{VERDICTS[one.verdict][0]} {say(VERDICTS[one.verdict][1])}",
        )
        for one in node.sockets
    )
    yield from _table(Table(heads, rows, mark("nothing listens")), say)


def _reach(node: Node, say: Speaker) -> Iterator[str]:
    yield f"### {escaped(node.host)}"
    yield ""
    for reason in filter(None, (node.reason, node.rules_reason)):
        yield f"**?** {escaped(reason)}"
        yield ""
    grid = tuple(_grid(node, say))
    if grid:
        yield from grid
        yield ""
    if not node.reason:
        yield from _sockets(node, say)


def _part(part: Part, say: Speaker) -> Iterator[str]:
    match part:
        case Table():
            yield from _table(part, say)
        case Text(text, doubt):
            yield f"{'**?** ' if doubt else ''}{escaped(say(text))}"
        case Listing(title, lines):
            yield f"{escaped(say(title))}:"
            yield ""
            yield "```sh"
            yield from lines
            yield "```"
        case Reach(node):
            yield from _reach(node, say)


def section(found: Section, say: Speaker | None = None) -> str:
    """Return the content of a section's block."""
    say = say or Speaker()
    lines = [f"## {escaped(say(found.title))}", ""]
    for part in found.parts:
        lines += [*_part(part, say), ""]
    return "".join(f"{line}\n" for line in lines)


def page(title: str, sections: Iterable[Section], say: Speaker | None = None) -> str:
    """Return a whole new page, its blocks within their marks."""
    say = say or Speaker()
    parts = [f"# {escaped(title)}\n\n{say(INTRODUCTION)}\n"]
    parts += [block(one.name, section(one, say)) for one in sections]
    return "\n".join(parts)
