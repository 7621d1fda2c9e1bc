"""Blocks of bytes to candidate lines: literal search, and nothing else for the rest."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Final

from zmward.catalog.log_indicators import of
from zmward.catalog.log_pattern import Log
from zmward.catalog.log_patterns import needles

# Of a longer line the rest is not read. A client can make lines of audit.log as long
# as a request, by the name of his program, which stands before what happened.
LONGEST: Final = 1 << 20
# Of two words, where more than each so many-th line of a sample holds one.
_TWO, _SHARE, _SAMPLE = 2, 6, 1 << 15
# So much is looked at for bytes that are rare, and so often one may come after all.
_GLANCE, _OFTEN = 1 << 13, 400
# The bytes of logs, the most usual last; any other is rarer still.
_USUAL: Final = (
    b"QXJZKqj%W<>V;BHNFPUMGYLDROISCATE,_zxkvy(w)gbfhud:p=m/lc]n[rsaoite.-0123456789 "
)
# Needles that are found by what they have in common: one walk for all of them.
_COMMON: Final = (b"uthentication", b"Auth;", b"$")


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
    if len(some) == _TWO and _dense(block, some, begin, stop):
        return _each(block[begin:stop], some)
    find, back = block.find, block.rfind
    sample = block[begin : begin + _GLANCE]
    ends: dict[int, int] = {}
    ordered = True
    for word in some:
        length, reach, floor = len(word), stop + len(word), begin
        seek = _seeker(block, word, sample)
        # Of a word of two lines the second may be the first of the next.
        over = word.find(b"\n")
        latest = max(ends, default=-1)
        at = seek(begin, reach)
        while 0 <= at < stop:
            first = back(b"\n", floor, at) + 1 or floor
            last = find(b"\n", at + length)
            if last < 0:
                last = len(block)
            # Of a line that was found twice, the end that is further away counts.
            known = ends.get(first)
            if known is None:
                ends[first] = last
                ordered = ordered and first > latest
            elif known < last:
                ends[first] = last
            floor = last if over < 0 else at + over
            at = seek(floor, reach)
    begins = ends if ordered else sorted(ends)
    return [block[at : min(ends[at], at + LONGEST)] for at in begins]


@cache
def _bytes(word: bytes) -> tuple[tuple[bytes, int], ...]:
    """Return the bytes of a word, the rarest first, and where each stands in it."""
    places = {word[at : at + 1]: at for at in range(len(word))}
    return tuple(sorted(places.items(), key=lambda one: _USUAL.rfind(one[0])))


def _seeker(block: bytes, word: bytes, sample: bytes) -> Callable[[int, int], int]:
    """Return what finds a word between two places; -1 says that it is not there.

    A single byte is found many times faster than a word. So where the word has one
    that a sample has not, that byte is looked for, unless it comes often after all.
    """
    find, starts = block.find, block.startswith
    rare = next((one for one in _bytes(word) if one[0] not in sample), None)
    if rare is None or len(word) == 1:
        return partial(find, word)
    byte, offset = rare
    behind = len(word) - offset - 1
    left = _OFTEN

    def seek(begin: int, end: int) -> int:
        nonlocal left
        at = begin + offset
        while left:
            at = find(byte, at, end - behind)
            if at < 0 or starts(word, at - offset):
                return max(at - offset, -1)
            at += 1
            left -= 1
        return find(word, at - offset, end)

    return seek


def _dense(block: bytes, some: Sequence[bytes], begin: int, stop: int) -> bool:
    """Return whether so many lines hold a word that each line is looked at sooner."""
    whole = stop == len(block) or block[stop - 1 : stop] == b"\n"
    if stop - begin <= _SAMPLE or not whole or any(b"\n" in word for word in some):
        return False
    sample = (begin, begin + _SAMPLE)
    hits = max((block.count(word, *sample) for word in some), default=0)
    return hits * _SHARE > block.count(b"\n", *sample)


def _each(lines: bytes, some: Sequence[bytes]) -> list[bytes]:
    """Return the lines that hold one of two words."""
    first, last = some
    found = [line for line in lines.split(b"\n") if first in line or last in line]
    return [line[:LONGEST] for line in found]
