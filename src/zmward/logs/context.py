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


# The address of the peer and those announced, the protocol announced with them, the
# request and the connection.
Said = tuple[bytes, bytes, bytes, bytes, bytes]


def pairs(context: bytes) -> dict[bytes, bytes]:
    """Return the pairs of a context; of a key that comes twice, the first value."""
    # Of a key that comes twice the first stays: it is the last to be put in.
    found: dict[bytes, bytes] = dict(_PAIR.findall(context)[::-1])
    return {name: value.replace(b";;", b";") for name, value in found.items()}


def name(context: bytes) -> bytes:
    """Return the account that a context names."""
    return pairs(context).get(b"name", b"")


def said(context: bytes) -> Said:
    """Return what a context says; of a key that comes twice, the first value."""
    if b";;" in context:
        get = pairs(context).get
        return (
            *(get(b"ip", b""), get(b"oip", b""), get(b"oproto", b"")),
            *(get(b"soapId", b""), get(b"cid", b"")),
        )
    # Without a doubled one each `;` ends a pair: no value can imitate another key.
    whole = b";" + context
    find = whole.find
    ip = oip = oproto = request = connection = b""
    at = find(b";oip=") + 5
    if at >= 5:  # noqa: PLR2004  # the key's length
        oip = whole[at : find(b";", at)]
    at = find(b";ip=") + 4
    if at >= 4:  # noqa: PLR2004  # the key's length
        ip = whole[at : find(b";", at)]
    at = find(b";oproto=") + 8
    if at >= 8:  # noqa: PLR2004  # the key's length
        oproto = whole[at : find(b";", at)]
    at = find(b";soapId=") + 8
    if at >= 8:  # noqa: PLR2004  # the key's length
        request = whole[at : find(b";", at)]
    else:
        at = find(b";cid=") + 5
        if at >= 5:  # noqa: PLR2004  # the key's length
            connection = whole[at : find(b";", at)]
    return ip, oip, oproto, request, connection
