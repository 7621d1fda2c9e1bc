"""A line of mailboxd, cut: stamp, level, thread, context, category, message.

Values of the context double each `;` and are not quoted otherwise: a user agent may
hold `] [`, `oip=` or a whole line. So the pairs are walked from the left, and the
context ends where a pair has just ended and `]` follows.
"""

import re
from typing import Final

# Possessive throughout: one walk, whatever a client writes. No blank can stand in the
# URL that a thread is named after, so the first `] [` ends it.
LINE: Final = re.compile(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3} \w+ +\["
    rb"((?:[^\]]++|\](?! \[))*+)\] \["
    rb"((?:[A-Za-z]++=(?:[^;]++|;;)*+;)*+)\] "
    rb"([\w.$]+) - ",
)
_PAIR = re.compile(rb"([A-Za-z]++)=((?:[^;]++|;;)*+);")


def pairs(context: bytes) -> dict[bytes, bytes]:
    """Return the pairs of a context; of a key that comes twice, the first value."""
    # Of a key that comes twice the first stays: it is the last to be put in.
    found: dict[bytes, bytes] = dict(_PAIR.findall(context)[::-1])
    if b";;" in context:
        return {name: value.replace(b";;", b";") for name, value in found.items()}
    return found
