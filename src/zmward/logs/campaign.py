"""Requests at the web server from addresses that known campaigns used.

nginx writes the client's address first, and nothing of a client before it: one walk
from line to line finds them, where a search for each address would be many walks.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from zmward.catalog.log_attackers import ATTACKERS
from zmward.catalog.log_pattern import Log

_LOG: Final[Log] = "nginx-access"
_LONGEST: Final = 1 << 16


@cache
def _address() -> re.Pattern[bytes]:
    some = b"|".join(re.escape(one.encode()) for one in ATTACKERS)
    return re.compile(rb"\n(?:" + some + rb")[: ]")


def _begins(block: bytes, begin: int, end: int) -> list[int]:
    """Return where lines of such addresses begin, between two places of a block."""
    expression = _address()
    found = [one.start() + 1 for one in expression.finditer(block, max(begin - 1, 0))]
    if begin == 0 and expression.match(b"\n" + block[:64]):
        found.insert(0, 0)
    return [at for at in found if begin <= at < end]


def with_requests(
    log: Log, block: bytes, lines: list[bytes], begin: int, end: int
) -> Sequence[bytes]:
    """Return a block's candidates with such requests among them, in their order."""
    begins = _begins(block, begin, end) if log == _LOG else ()
    if not begins:
        return lines
    found: dict[int, bytes] = {}
    at = begin
    for line in lines:
        at = block.find(line, at)
        found[at] = line
        at += len(line)
    for first in begins:
        last = block.find(b"\n", first)
        whole = block[first : len(block) if last < 0 else last]
        found.setdefault(first, whole[:_LONGEST])
    return [line for _, line in sorted(found.items())]
