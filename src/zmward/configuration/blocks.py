"""A page of which zmward writes some blocks, and people all the rest.

A block stands between two lines, each of which holds nothing but its mark:

    <!-- zmward:begin NAME -->
    <!-- zmward:end NAME -->

What is between them is written anew; every other byte stays. A mark without its other
half, a name that comes twice or is not known, and a block within a block are refused.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from zmward.errors import Refused

_MARK: Final = re.compile(
    r"^[ \t]*<!-- zmward:(begin|end) ([a-z0-9-]{1,40}) -->[ \t]*\r?$", re.MULTILINE
)
# Whatever looks like a mark and is none would be left behind unseen.
_LIKE: Final = re.compile(r"<!--\s*zmward:", re.IGNORECASE)


class _Open(msgspec.Struct, frozen=True):
    """A begin that waits for its end: its name, and where its line ends."""

    name: str
    at: int


def begin(name: str) -> str:
    """Return the line before a block."""
    return f"<!-- zmward:begin {name} -->"


def end(name: str) -> str:
    """Return the line behind a block."""
    return f"<!-- zmward:end {name} -->"


def block(name: str, text: str) -> str:
    """Return a block with its marks; `text` ends with a line end."""
    return f"{begin(name)}\n{text}{end(name)}\n"


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _refuse(place: str, line: int, why: str) -> Refused:
    return Refused(
        f"{place}:{line}: {why}. Mend the marks, or let a new page be written under "
        "another name and move your text there; nothing was changed."
    )


def _after(text: str, match: re.Match[str]) -> int:
    """Return where the line behind a mark begins."""
    return min(match.end() + 1, len(text))


def spans(text: str, place: str) -> dict[str, tuple[int, int]]:
    """Return where the content of each block begins and ends."""
    found: dict[str, tuple[int, int]] = {}
    waiting: _Open | None = None
    marks = tuple(_MARK.finditer(text))
    if len(marks) != len(_LIKE.findall(text)):
        whole = {match.start() + match[0].index("<") for match in marks}
        odd = next(m for m in _LIKE.finditer(text) if m.start() not in whole)
        raise _refuse(place, _line(text, odd.start()), "this mark is broken")
    for match in marks:
        word, name = match.groups()
        line = _line(text, match.start())
        if word == "begin":
            if waiting is not None:
                why = f"the block {waiting.name!r} has no end before {name!r} begins"
                raise _refuse(place, line, why)
            if name in found:
                raise _refuse(place, line, f"the block {name!r} comes twice")
            waiting = _Open(name, _after(text, match))
        else:
            if waiting is None or waiting.name != name:
                raise _refuse(place, line, f"the block {name!r} ends and never began")
            found[name] = waiting.at, match.start()
            waiting = None
    if waiting is not None:
        line = _line(text, waiting.at - 1)
        raise _refuse(place, line, f"the block {waiting.name!r} has no end")
    return found


def replaced(text: str, written: Mapping[str, str], place: str) -> str:
    """Return a page with its blocks as they are now; `place` names it in errors."""
    found = spans(text, place)
    for name, (at, _) in found.items():
        if name not in written:
            why = f"there is no block {name!r}; known are {', '.join(written)}"
            raise _refuse(place, _line(text, at - 1), why)
    if not found:
        raise Refused(
            f"{place} holds no block of zmward's: it is left alone. Name a new file, "
            "or put the marks of a block into it."
        )
    parts, last = [], 0
    for name, (at, until) in sorted(found.items(), key=lambda one: one[1]):
        parts += [text[last:at], written[name]]
        last = until
    return "".join((*parts, text[last:]))


def left(text: str, written: Mapping[str, str], place: str) -> tuple[str, ...]:
    """Return the blocks that a page does not have."""
    found = spans(text, place)
    return tuple(name for name in written if name not in found)
