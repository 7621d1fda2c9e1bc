"""A line of mailboxd, cut: stamp, level, thread, context, category, message.

Values of the context double each `;` and are not quoted otherwise: a user agent may
hold `] [`, `oip=` or a whole line. So the pairs are walked from the left, and the
context ends where a pair has just ended and `]` follows.
"""

import re
from collections.abc import Mapping

import msgspec

# Possessive throughout: one walk, whatever a client writes.
_CONTEXT = re.compile(r"(?:[A-Za-z]++=(?:[^;]++|;;)*+;)*+\] ")
_PAIR = re.compile(r"([A-Za-z]++)=((?:[^;]++|;;)*+);")
_HEAD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3} (\w+) +\[")
_CATEGORY = re.compile(r"([\w.$]+) - ")


class Line(msgspec.Struct, frozen=True):
    """The parts of one line of mailboxd."""

    thread: str
    context: Mapping[str, str]
    category: str
    message: str


def pairs(text: str) -> dict[str, str]:
    """Return the pairs of a context; of a key that comes twice, the first value."""
    found: dict[str, str] = {}
    for name, value in _PAIR.findall(text):
        if name not in found:
            found[name] = value.replace(";;", ";") if ";;" in value else value
    return found


def cut(text: str) -> Line | None:
    """Return the parts of a line, or None where it is not of this form."""
    head = _HEAD.match(text)
    if head is None:
        return None
    # No blank can stand in the URL that a thread is named after.
    end = text.find("] [", head.end())
    if end < 0:
        return None
    context = _CONTEXT.match(text, end + 3)
    if context is None:
        return None
    category = _CATEGORY.match(text, context.end())
    if category is None:
        return None
    return Line(
        thread=text[head.end() : end],
        context=pairs(text[end + 3 : context.end() - 2]),
        category=category[1],
        message=text[category.end() :],
    )
