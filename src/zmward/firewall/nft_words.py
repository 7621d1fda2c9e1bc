"""The words of nft's own language, with the lines on which they stand."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from zmward.sources.source import Unreadable

_WORD: Final = re.compile(
    r"""(?P<gap>[ \t\r]+|\\\n|\#[^\n]*)
    |(?P<line>\n)
    |(?P<text>"[^"\n]*")
    |(?P<sign>==|!=|<=|>=|<<|>>|[{}();,|&=<>!^])
    |(?P<word>[@$]?[^\s{}();,|&=<>!^"\#]+)
    """,
    re.VERBOSE,
)


class Word(msgspec.Struct, frozen=True):
    """One word; `quoted` ones are never keywords, a line's end is the word `;`."""

    text: str
    line: int
    quoted: bool = False


def words(text: str) -> Iterator[Word]:
    """Yield the words of a rule set; Unreadable where a character belongs to none."""
    line, place = 1, 0
    while place < len(text):
        found = _WORD.match(text, place)
        if found is None:
            raise Unreadable(
                f"line {line}: not nft's language: {text[place : place + 40]!r}"
            )
        place = found.end()
        if found.lastgroup == "line":
            yield Word(";", line)
        elif found.lastgroup == "text":
            yield Word(found[0][1:-1], line, quoted=True)
        elif found.lastgroup != "gap":
            yield from _split(found[0], line)
        line += found[0].count("\n")


def _split(text: str, line: int) -> Iterator[Word]:
    """Yield a word; a colon that ends it stands for itself, as in `22: accept`."""
    if len(text) > 1 and text.endswith(":") and not text.endswith("::"):
        yield Word(text[:-1], line)
        yield Word(":", line)
    else:
        yield Word(text, line)


class Words:
    """Words that are read one after the other."""

    def __init__(self, found: list[Word]) -> None:
        """Begin at the first of some words."""
        self._found = found
        self.place = 0

    @property
    def line(self) -> int:
        """Return the line of the next word."""
        last = min(self.place, len(self._found) - 1)
        return self._found[last].line if self._found else 0

    def peek(self, ahead: int = 0) -> str:
        """Return a word that comes without taking it; empty at the end."""
        place = self.place + ahead
        return self._found[place].text if place < len(self._found) else ""

    def next(self) -> str:
        """Take the next word; Unreadable at the end."""
        if self.place >= len(self._found):
            raise Unreadable(f"line {self.line}: it ends too early")
        self.place += 1
        return self._found[self.place - 1].text

    def took(self, *wanted: str) -> bool:
        """Take the next words if they are just these."""
        if all(self.peek(n) == word for n, word in enumerate(wanted)):
            self.place += len(wanted)
            return True
        return False

    def must(self, wanted: str) -> None:
        """Take a word that has to come."""
        if not self.took(wanted):
            raise Unreadable(
                f"line {self.line}: {wanted!r} is missing before {self.peek()[:40]!r}"
            )

    def gaps(self) -> None:
        """Take ends of lines."""
        while self.took(";"):
            pass

    def until(self, *ends: str) -> "Words":
        """Take all words up to an end that is in no braces, without the end."""
        start, depth = self.place, 0
        while self.place < len(self._found):
            word = self._found[self.place]
            if not word.quoted:
                if depth == 0 and word.text in ends:
                    break
                depth += {"{": 1, "}": -1, "(": 1, ")": -1}.get(word.text, 0)
                if depth < 0:
                    break
            self.place += 1
        if depth > 0:
            raise Unreadable(f"line {self.line}: a brace is not closed")
        return Words(self._found[start : self.place])

    def rest(self) -> list[str]:
        """Return the words that are left."""
        return [word.text for word in self._found[self.place :]]

    @property
    def text(self) -> str:
        """Return all words as one line."""
        return " ".join(word.text for word in self._found).replace(" ,", ",")

    def __bool__(self) -> bool:
        """Say whether a word is left."""
        return self.place < len(self._found)
