"""Lines of audit.log that a client may have written.

With zimbra_additional_logging one message there holds a name as a client typed it, with
its line ends. What follows such a message may be of that name, up to the last line
that ends as the message does: the server writes a message, name and all, at once.
"""

import re
from typing import Final

_BEGIN: Final = b" security - Error occurred during authentication: "
_END: Final = re.compile(
    rb"\]\.(?: Reason: account not found\.| oip=[0-9A-Fa-f.:, ]*)?\r?\n"
)
# From so many bytes on a message may be written in several steps.
_LARGE: Final = 4096


def doubted(block: bytes, *, within: bool) -> tuple[int, int, bool]:
    """Return where doubt begins and ends in a block, and whether it may go on.

    `within` says that it went on at the end of the block before.
    """
    found = block.find(_BEGIN)
    if found < 0 and not within:
        return 0, 0, False
    begin = 0 if within else block.find(b"\n", found) + 1 or len(block)
    head = 0 if within else block.rfind(b"\n", 0, found) + 1
    end = max((one.end() for one in _END.finditer(block, head)), default=len(block))
    last = block.rfind(_BEGIN)
    return begin, max(begin, end), 0 <= last <= len(block) - _LARGE
