"""Which attributes this very version of Zimbra knows."""

import re

from zmward.sources.source import Snippet, Source, Unreadable

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def parse(answer: str) -> frozenset[str]:
    """Read one attribute name per line, as lower-case names."""
    names = frozenset(line.strip().lower() for line in answer.splitlines())
    if not names or not all(map(_NAME.fullmatch, names)):
        raise Unreadable("conf/attrs/zimbra-attrs.xml lists no attributes")
    return names


SCHEMA = Source(
    name="schema",
    about="The attributes that this version of Zimbra knows.",
    question=Snippet(
        r"""
content /opt/zimbra/conf/attrs/zimbra-attrs.xml | awk '
    BEGIN { RS = "<" }
    /^attr[ \t\r\n]/ && match($0, /[ \t\r\n]name="[A-Za-z0-9-]+"/) {
        print substr($0, RSTART + 7, RLENGTH - 8)
    }'
[ -r /opt/zimbra/conf/attrs/zimbra-attrs.xml ] ||
    content /opt/zimbra/conf/attrs/zimbra-attrs.xml >/dev/null
"""
    ),
    parse=parse,
)
