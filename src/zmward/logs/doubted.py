"""Lines of audit.log that a client may have written.

With zimbra_additional_logging one message there holds a name as a client typed it, with
its line ends. What follows such a message may be of that name, up to the last line
that ends as the message does: the server writes a message, name and all, at once. As
long as it may not be whole yet, no end counts: the name may hold ends too, and go on.
"""

import re
from typing import Final, NamedTuple

from zmward.logs.candidates import LONGEST
from zmward.logs.context import cut as parts_of
from zmward.logs.context import usual

_BEGIN: Final = b" security - Error occurred during authentication: "
_PLACE, _MESSAGE = b"security", b"Error occurred during authentication: "
_END: Final = re.compile(rb"\]\.(?: oip=[^\n]*|[^\]\n]*)\n")
_STAMP: Final = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3} ")
_OWN: Final = re.compile(rb"(?:%b[^\n]*+\n)*+" % _STAMP.pattern)
# A line that is none of the server's, but may be the end of a message of another kind.
_ENDS_ELSE: Final = re.compile(rb"^(?!%b)[^\]\n]*\]" % _STAMP.pattern, re.MULTILINE)
# From so many bytes on a message may be written in several steps.
_LARGE: Final = 4096
# So many blocks a name that goes on is waited for: each of them is what a look found.
LOOKS: Final = 5


class Doubt(NamedTuple):
    """Which lines of a block are in doubt, and for how long that goes on.

    `head` is where the line begins whose name doubt begins with; `broken` says that
    the name goes on behind that line. `within` is for how many blocks more doubt goes
    on; `large` that all may be in doubt, and the next block, unless the file rests now.
    """

    head: int = 0
    begin: int = 0
    end: int = 0
    within: int = 0
    broken: bool = False
    large: bool = False


def doubted(block: bytes, *, within: int = 0, cut: bool = False) -> Doubt:
    """Return what is in doubt in a block.

    `within` is what the block before left; `cut` says that more was there already
    behind the block, be it half a line.
    """
    found = _first(block)
    if found < 0 and not within:
        return Doubt()
    begun = found >= 0
    # No end is looked for in a half-written line: that would take long.
    whole = block.rfind(b"\n") + 1
    head = begin = 0
    broken = False
    if not within:
        head = block.rfind(b"\n", 0, found) + 1
        begin = block.find(b"\n", found) + 1 or len(block)
        broken = _END.search(block, found, min(begin, whole)) is None
    last = _last(block, found) if begun else 0
    end = max((one.end() for one in _END.finditer(block, last, whole)), default=0)
    behind = block[max(begin, end) :]
    large = len(block) - head >= _LARGE
    again = begun and (large and _stray_last(behind) if end else _is_open(block, last))
    strays = not _OWN.fullmatch(behind)
    goes_on = again or (within > 0 and strays)
    left = _left(within, again=again, over=end > 0 and not goes_on)
    unsure = not end or large or strays
    asks = within > 1 or (not within and unsure)
    if cut or goes_on or not end or _ENDS_ELSE.search(behind):
        end = len(block)
    if cut:
        left = max(left, within, 1)
    # Were it asked again in the next block, a log that never rests would tell nothing.
    return Doubt(head, begin, max(begin, end), left, broken, large=asks and not left)


def _is_open(block: bytes, at: int) -> bool:
    """Return whether the line of a message without an end tells that it goes on.

    Such a line closes its bracket where the message ends in words of another kind.
    """
    line_end = block.find(b"\n", at)
    line = block[at + len(_BEGIN) : line_end if line_end >= 0 else len(block)]
    return line.rfind(b"[") >= line.rfind(b"]") or _stray_next(block, at)


def _stray_next(block: bytes, at: int) -> bool:
    """Return whether the line behind that of a message is none of the server's."""
    begin = block.find(b"\n", at) + 1
    return 0 < begin < len(block) and not _STAMP.match(block, begin)


def _stray_last(lines: bytes) -> bool:
    """Return whether the last line is none of the server's."""
    begin = lines.rfind(b"\n", 0, -1) + 1
    return bool(lines) and not _STAMP.match(lines, begin)


def _first(block: bytes) -> int:
    """Return where the first such message stands; -1 where there is none."""
    found = block.find(_BEGIN)
    while found >= 0 and not _told(block, found):
        line_end = block.find(b"\n", found)
        found = block.find(_BEGIN, line_end) if line_end >= 0 else -1
    return found


def _last(block: bytes, first: int) -> int:
    """Return where the last such message stands."""
    found = block.rfind(_BEGIN)
    while found > first and not _told(block, found):
        found = block.rfind(_BEGIN, 0, block.rfind(b"\n", 0, found))
    return max(found, first)


def _told(block: bytes, at: int) -> bool:
    """Return whether a line tells such a message.

    A client may write the same words elsewhere in a line, as its user agent.
    """
    begin, end = block.rfind(b"\n", 0, at) + 1, block.find(b"\n", at)
    line = block[begin : min(end if end >= 0 else len(block), begin + LONGEST)]
    parts = usual(line)
    cut = parts_of(line) if parts is None else parts.groups()
    if not cut or cut[-2] != _PLACE or not cut[-1].startswith(_MESSAGE):
        return False
    # One without a bracket holds no name, unless lines follow that are of it.
    return b"[" in cut[-1] or end < 0 or _stray_next(block, at)


def _left(within: int, *, again: bool, over: bool) -> int:
    """Return for how many blocks doubt goes on behind one that was not cut.

    While it goes on, another message keeps it, but does not let it begin anew.
    """
    if again:
        return max(within - 1, 1) if within else LOOKS
    return 0 if over else max(within - 1, 0)
