"""How zmprov prints entries."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from .schema import BINARY, find

_LINE = 76


def _base64_lines(value: str) -> str:
    text = base64.b64encode(value.encode("latin-1")).decode()
    return "\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))


def _filters(names: Iterable[str]) -> dict[str, set[str]]:
    """Return what to show: each name and, for name=value words, which values."""
    wanted: dict[str, set[str]] = {}
    for word in names:
        name, equals, value = word.partition("=")
        values = wanted.setdefault(name.lower(), set())
        if equals:
            values.add(value)
    return wanted


def attribute_lines(
    attrs: Mapping[str, Sequence[str]], names: Sequence[str] = ()
) -> Iterator[str]:
    """Yield the lines of an entry, sorted by name in byte order.

    Values are printed raw: the later lines of one with line breaks stand alone.
    """
    wanted = _filters(names)
    for name in sorted(attrs):
        if wanted and name.lower() not in wanted:
            continue
        only = wanted.get(name.lower(), set())
        row = find(name)
        for value in attrs[name]:
            if not value or (only and value not in only):
                continue
            if row is not None and row.type in BINARY:
                yield f"{name}:: {_base64_lines(value)}"
            else:
                yield f"{name}: {value}"


def print_attributes(
    out: TextIO, attrs: Mapping[str, Sequence[str]], names: Sequence[str] = ()
) -> None:
    """Print attributes with neither header nor blank line (gacf, gcf)."""
    for line in attribute_lines(attrs, names):
        print(line, file=out)


def print_entry(
    out: TextIO,
    name: str,
    attrs: Mapping[str, Sequence[str]],
    names: Sequence[str] = (),
) -> None:
    """Print one entry with its header and the blank line that ends it."""
    print(f"# name {name}", file=out)
    print_attributes(out, attrs, names)
    print(file=out)


def print_table(
    out: TextIO, heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Print columns as wide as their widest cell, under a ruled head."""
    every = [heads, *rows]
    widths = [max(len(row[at]) for row in every) for at in range(len(heads))]
    ruled = [heads, ["-" * width for width in widths], *rows]
    for row in ruled:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip(), file=out)
