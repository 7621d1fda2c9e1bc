"""What differs between recorded files and those that are there now.

Lines that are equal are files that nobody touched: only others are looked into.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from zmward.integrity.node import GATES, Node

# A folder's own times and size tell only that something was put in or taken out, which
# is told by the entries themselves.
_FOLDER: Final = frozenset({*GATES, "modified", "size", "links"})
_QUIET: Final = frozenset({*GATES, "path", "package", "unread"})
_CONTENT: Final = frozenset({"digest", "size", "target", "sort"})


class Field(msgspec.Struct, frozen=True):
    """One property that differs, as the record has it."""

    name: str
    was: str
    now: str


class Difference(msgspec.Struct, frozen=True):
    """One path that differs; `was` is None for a new one, `now` for what is gone."""

    path: str
    was: Node | None
    now: Node | None
    fields: tuple[Field, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the properties that differ."""
        return frozenset(field.name for field in self.fields)

    @property
    def content(self) -> bool:
        """Say whether it is another content, and not only another mode or time."""
        return bool(self.names & _CONTENT)


class Compared(msgspec.Struct, frozen=True):
    """All that differs, and paths whose content could not be read now."""

    differences: tuple[Difference, ...]
    unread: tuple[Node, ...] = ()


def _text(name: str, value: object) -> str:
    if name == "mode":
        return f"{value:04o}"
    if name == "extra" and isinstance(value, Mapping):
        return " ".join(f"{key}={value[key]}" for key in sorted(value))
    return str(value)


def fields(was: Node, now: Node) -> tuple[Field, ...]:
    """Return the properties that differ and mean something.

    Of a content that could not be read now, nothing is said.
    """
    quiet = _FOLDER | _QUIET if was.sort == now.sort == "folder" else _QUIET
    if now.unread or was.unread:
        quiet |= {"digest"}
    if was.sort == now.sort == "link":
        quiet |= {"size", "mode"}
    return tuple(
        Field(name, _text(name, one), _text(name, other))
        for name in Node.__struct_fields__
        if name not in quiet
        and (one := getattr(was, name)) != (other := getattr(now, name))
    )


def difference(was: Node | None, now: Node | None) -> Difference | None:
    """Return how one path differs, or None."""
    if was is None or now is None:
        either = was or now
        return Difference(either.path, was, now) if either else None
    found = fields(was, now)
    return Difference(now.path, was, now, found) if found else None


def compared(recorded: Iterable[bytes], there: Iterable[bytes]) -> Compared:
    """Compare the lines of two bodies."""
    old, new = set(recorded), set(there)
    decode = msgspec.json.Decoder(Node).decode
    was = {node.path: node for node in map(decode, old - new)}
    now = {node.path: node for node in map(decode, new - old)}
    kept = (node for node in map(decode, unread_lines(old & new)) if node.unread)
    found = (difference(was.get(path), now.get(path)) for path in sorted({*was, *now}))
    unread = [*(node for node in now.values() if node.unread), *kept]
    return Compared(
        tuple(one for one in found if one is not None),
        tuple(sorted(unread, key=lambda node: node.path)),
    )


def unread_lines(lines: Iterable[bytes]) -> Iterable[bytes]:
    """Return the lines whose last column, why a file was not read, is not empty."""
    return (line for line in lines if not line.endswith(b',""]'))
