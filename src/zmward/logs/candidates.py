"""Blocks of bytes to candidate lines: literal search, and nothing else for the rest."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from zmward.catalog.log_indicators import of
from zmward.catalog.log_pattern import Log
from zmward.catalog.log_patterns import needles

# Of a longer line the rest is not looked at: what matters stands at its begin.
LONGEST: Final = 65_536
# Needles that are found by what they have in common: one walk for all of them.
_COMMON: Final = (b"uthentication", b"Auth;")


@cache
def words(log: Log) -> tuple[bytes, ...]:
    """Return every needle of a log: of its messages and of signs of exploitation."""
    signs = tuple(row.needle.encode() for row in of(log))
    return tuple(dict.fromkeys((*needles(log), *signs)))


def _short(word: bytes) -> bytes:
    return next((common for common in _COMMON if common in word), word)


@cache
def finders(log: Log) -> tuple[bytes, ...]:
    """Return the words that are searched: each needle of a log holds one of them."""
    return tuple(dict.fromkeys(map(_short, words(log))))


def candidates(
    block: bytes, some: Sequence[bytes], begin: int = 0, end: int | None = None
) -> list[bytes]:
    """Return the lines of a block that hold one of the words, in their order.

    The lines are those that begin from `begin` on and before `end`, each at the begin
    of a line; what stands behind is looked at for a word that reaches over the end of
    its line: then both lines are the candidate.
    """
    stop = len(block) if end is None else end
    find, back = block.find, block.rfind
    found: list[tuple[int, int]] = []
    hit = 0
    for word in some:
        before = len(found)
        length, reach, floor = len(word), stop + len(word), begin
        # Of a word of two lines the second may be the first of the next.
        over = word.find(b"\n")
        at = find(word, begin, reach)
        while 0 <= at < stop:
            first = back(b"\n", floor, at) + 1 or floor
            last = find(b"\n", at + length)
            if last < 0:
                last = len(block)
            if at - first < LONGEST:
                found.append((first, last))
            floor = last if over < 0 else at + over
            at = find(word, floor, reach)
        hit += len(found) > before
    # Of a line that was found twice, the end that is further away counts.
    lines = found if hit <= 1 else sorted(dict(sorted(found)).items())
    return [block[first : min(last, first + LONGEST)] for first, last in lines]
