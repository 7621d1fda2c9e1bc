"""A line of mailboxd, cut: stamp, level, thread, context, category, message.

Values of the context double each `;` and are not quoted otherwise: a user agent may
hold `] [`, `oip=` or a whole line. So the pairs are walked from the left, and the
context ends where a pair has just ended and `]` follows.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

# Possessive throughout: one walk, whatever a client writes. No blank can stand in the
# URL that a thread is named after, so the first `] [` ends it.
_LINE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3} \w+ +\["
    r"((?:[^\]]++|\](?! \[))*+)\] \["
    r"((?:[A-Za-z]++=(?:[^;]++|;;)*+;)*+)\] "
    r"([\w.$]+) - ",
    re.ASCII,
)
_PAIR = re.compile(r"([A-Za-z]++)=((?:[^;]++|;;)*+);")


class Line(NamedTuple):
    """The parts of one line of mailboxd."""

    thread: str
    context: Mapping[str, str]
    category: str
    message: str


def pairs(text: str) -> dict[str, str]:
    """Return the pairs of a context; of a key that comes twice, the first value."""
    # Of a key that comes twice the first stays: it is the last to be put in.
    found: dict[str, str] = dict(_PAIR.findall(text)[::-1])
    if ";;" in text:
        return {name: value.replace(";;", ";") for name, value in found.items()}
    return found


def cut(text: str) -> Line | None:
    """Return the parts of a line, or None where it is not of this form."""
    found = _LINE.match(text)
    if found is None:
        return None
    thread, context, category = found.groups()
    return Line(thread, pairs(context), category, text[found.end() :])
