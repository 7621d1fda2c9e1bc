"""The language of apt's configuration, as apt's own ReadConfigFile reads it.

A line ends nothing, `;`, `{` and `}` do. `//`, `#` and `/* */` begin comments outside
of quotes; `#clear` and `#include` are directives. A name that ends in `::` adds to a
list. Names of options know no case.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

_QUOTED: Final = r'"[^"]*(?:"|$)'
# A comment to the end of the line is cut off before one of several lines is sought.
_COMMENT: Final = re.compile(
    rf"({_QUOTED})|//|#(?!clear|include|x-apt-configure-index)"
)
_SPANNING: Final = re.compile(rf"({_QUOTED})|/\*.*?(\*/|$)")
_END: Final = re.compile(rf"{_QUOTED}|([{{}};])")
_STRINGS: Final = re.compile(r'(?:"[^"]*"| )+')
_PART: Final = re.compile(r'"([^"]*)"|( +)')
_WORD: Final = re.compile(r'(?:"[^"]*"|\[[^\]]*\]|[^\s"\[])+')
_HEXADECIMAL: Final = re.compile("%([0-9A-Fa-f]{2})")
_TAB: Final = " " * 8
_DEEPEST: Final = 10
Included = Callable[[str], str | None]


class Wrong(Exception):  # apt refuses it too, nothing broke here
    """A text that apt does not take for a configuration, or that names another."""


class Item(msgspec.Struct):
    """An option: its name, its value, and the options below it in their order."""

    name: str = ""
    value: str = ""
    below: list["Item"] = []

    def find(self, name: str) -> "Item | None":
        """Return the option with a whole name such as `APT::Periodic::Enable`."""
        found: Item | None = self
        for part in _parts(name):
            found = found.child(part) if found and part else None
        return found

    def child(self, name: str) -> "Item | None":
        """Return the option right below that bears a name."""
        same = (one for one in self.below if one.name.lower() == name.lower())
        return next(same, None)

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a list: what stands below its name."""
        found = self.find(name)
        return () if found is None else tuple(one.value for one in found.below)

    def put(self, name: str, value: str) -> None:
        """Set an option; an empty last part of its name is a new one of a list."""
        place = self
        for part in _parts(name):
            found = place.child(part) if part else None
            if found is None:
                found = Item(part)
                place.below.append(found)
            place = found
        place.value = value

    def clear(self, name: str) -> None:
        """Take an option's value and all that is below it away."""
        found = self.find(name)
        if found is not None:
            found.value, found.below = "", []


def _parts(name: str) -> Iterator[str]:
    """Yield the parts of a name; of four colons apt takes two for a name."""
    part, colons, rest = name.partition("::")
    yield part
    while colons:
        end = rest.find("::", 1)
        yield rest if end < 0 else rest[:end]
        colons, rest = (rest[end:][:2], rest[end + 2 :]) if end > 0 else ("", "")


def _lines(text: str) -> Iterator[str]:
    """Yield the lines without their comments."""
    inside = False
    for raw in text.split("\n"):
        line = raw.replace("\t", _TAB).strip()
        if inside:
            _, closed, line = line.partition("*/")
            if not closed:
                continue
            inside = False
        for found in _COMMENT.finditer(line):
            if found[1] is None:
                line = line[: found.start()]
                break
        kept, place = "", 0
        for found in _SPANNING.finditer(line):
            if found[1] is None:
                kept += line[place : found.start()]
                place, inside = found.end(), not found[2]
        yield kept + line[place:]


def _statements(text: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before each `;`, `{` or `}`, and that sign."""
    waiting: list[str] = []
    for line in _lines(text):
        place = 0
        for found in _END.finditer(line):
            if found[1]:
                waiting.append(line[place : found.start()].strip())
                place = found.end()
                yield " ".join(filter(None, waiting)), found[1]
                waiting = []
        waiting.append(line[place:].strip())
    if any(waiting):
        raise Wrong("there is something behind the last statement")


def _unquoted(word: str) -> str:
    bare = word.replace('"', "")
    return _HEXADECIMAL.sub(lambda found: chr(int(found[1], 16)), bare)


def _taken(text: str) -> tuple[str, str]:
    """Return the first word of a statement without its quotes, and the rest."""
    found = _WORD.match(text)
    if found is None:
        raise Wrong(f"not a word: {text[:60]!r}")
    return _unquoted(found[0]), text[found.end() :].lstrip()


def _pair(text: str) -> tuple[str, str | None]:
    """Return an option's name and its value, if it has one."""
    name, rest = _taken(text)
    if not rest:
        return name, None
    if _STRINGS.fullmatch(rest):
        # Strings side by side are one, and no sign in them stands for another.
        parts = _PART.findall(rest)
        return name, "".join(" " if gap else text for text, gap in parts)
    value, rest = _taken(rest)
    if rest:
        raise Wrong(f"more than a name and a value: {text[:60]!r}")
    return name, value


class _Reader:
    """Reads one text into a tree of options."""

    def __init__(self, tree: Item, included: Included, depth: int) -> None:
        self._tree, self._included, self._depth = tree, included, depth
        self._place = ""
        self._above: list[str] = []

    def read(self, text: str) -> None:
        """Take every statement of a text."""
        for statement, sign in _statements(text):
            if statement:
                self._take(statement, sign)
            elif sign == "{":
                raise Wrong("a block without a name")
            if sign == "}":
                self._place = self._above.pop() if self._above else ""

    def _take(self, statement: str, sign: str) -> None:
        name, value = _pair(statement)
        if sign == "{":
            self._above.append(self._place)
            self._place = "::".join(filter(None, (self._place, name)))
            if value is not None:
                self._tree.put(self._place, value)
        elif name.startswith("#") and value is not None:
            self._direct(name, value)
        elif value is None and name == "#clear":
            raise Wrong("#clear of nothing")
        elif value is None:
            self._tree.put(f"{self._place}::" if self._place else "", name)
        else:
            self._tree.put("::".join(filter(None, (self._place, name))), value)

    def _direct(self, name: str, value: str) -> None:
        if self._place:
            raise Wrong(f"{name} inside of a block")
        if name == "#clear":
            self._tree.clear(value)
        elif name == "#include":
            text = self._included(value) if self._depth < _DEEPEST else None
            if text is None:
                raise Wrong(f"it includes {value}, which was not read")
            read(text, self._tree, self._included, self._depth + 1)
        elif name != "#x-apt-configure-index":
            raise Wrong(f"there is no directive {name}")


def read(text: str, tree: Item, included: Included, depth: int = 0) -> None:
    """Read a text into a tree; `included` gives the text of another file."""
    _Reader(tree, included, depth).read(text)
