"""A line of mailboxd, cut: stamp, level, thread, context, category, message.

Values of the context double each `;` and are not quoted otherwise: a user agent may
hold `] [`, `oip=` or a whole line. So the pairs are walked from the left, and the
context ends where a pair has just ended and `]` follows.
"""

import re
from typing import Any, Final

# Minute, second, fraction, thread; of the context the account, the peer, the announced
# addresses and protocol, the request and the connection; category and message.
Cut = tuple[bytes | Any, ...]

_STAMP = rb"(\d{4}-\d\d-\d\d \d\d:\d\d)(:\d\d)[,.](\d{3}) \w+ +\["
_REST = rb"\] ([\w.$]+) - (.*)"
# Possessive throughout: one walk, whatever a client writes. No blank can stand in the
# URL that a thread is named after, so the first `] [` ends it.
_LINE: Final = re.compile(
    _STAMP + rb"((?:[^\]]++|\](?! \[))*+)\] \["
    rb"((?:[A-Za-z]++=(?:[^;]++|;;)*+;)*+)" + _REST,
    re.DOTALL,
)
_PAIR = re.compile(rb"([A-Za-z]++)=((?:[^;]++|;;)*+);")
_KEYS = (b"name", b"ip", b"oip", b"oproto", b"soapId", b"cid")
# What most lines look like, with the same groups: known keys in their usual order, each
# once, and no value with a bracket or a doubled `;`. It never reads another way than
# the above does, and is told apart in one step.
_VALUE = rb"[^;\]]*+;"
_USUAL: Final = re.compile(
    _STAMP + rb"([^\]]*+)\] \["
    rb"(?:name=([^;\]]*+);)?+(?:a?mid=" + _VALUE + rb")?+"
    rb"(?:ip=([^;\]]*+);)?+(?:oip=([^;\]]*+);)?+"
    rb"(?:(?:port|oport|via)=" + _VALUE + rb")*+"
    rb"(?:oproto=([^;\]]*+);)?+(?:ua=" + _VALUE + rb")?+"
    rb"(?:soapId=([^;\]]*+);|cid=([^;\]]*+);)?+" + _REST,
    re.DOTALL,
)


def pairs(context: bytes) -> dict[bytes, bytes]:
    """Return the pairs of a context; of a key that comes twice, the first value."""
    # Of a key that comes twice the first stays: it is the last to be put in.
    found: dict[bytes, bytes] = dict(_PAIR.findall(context)[::-1])
    return {name: value.replace(b";;", b";") for name, value in found.items()}


# The parts of a line of the usual form, as its groups.
usual: Final = _USUAL.fullmatch


def cut(line: bytes) -> Cut | None:
    """Return the same parts of a line of any form, or None where it is none."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    minute, second, fraction, thread, context, category, message = found.groups()
    said = pairs(context)
    kept = map(said.get, _KEYS)
    return (minute, second, fraction, thread, *kept, category, message)
