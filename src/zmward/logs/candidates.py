"""Blocks of bytes to candidate lines: literal search, and nothing else for the rest."""

from collections.abc import Iterator, Sequence

from zmward.catalog.log_indicators import of
from zmward.catalog.log_pattern import Log
from zmward.catalog.log_patterns import needles

# A longer line is cut: what matters stands at its begin.
LONGEST = 65_536


def words(log: Log) -> tuple[bytes, ...]:
    """Return every needle of a log: of its messages and of signs of exploitation."""
    signs = tuple(row.needle.encode() for row in of(log))
    return tuple(dict.fromkeys((*needles(log), *signs)))


def _spans(block: bytes, word: bytes) -> Iterator[tuple[int, int]]:
    """Yield the begin and end of each line that holds a word."""
    at, floor = block.find(word), 0
    while at >= 0:
        begin = block.rfind(b"\n", floor, at) + 1 or floor
        # A word may reach into the next line: then both are the candidate.
        end = block.find(b"\n", at + len(word))
        if end < 0:
            end = len(block)
        yield begin, end
        floor = end
        at = block.find(word, end)


def candidates(block: bytes, some: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the lines of a block that hold one of the words, in their order.

    A block begins at the begin of a line and ends at the end of one.
    """
    found: dict[int, int] = {}
    for word in some:
        for begin, end in _spans(block, word):
            found[begin] = max(end, found.get(begin, 0))
    for begin in sorted(found):
        yield block[begin : min(found[begin], begin + LONGEST)]
