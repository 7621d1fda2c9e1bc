"""Which attributes this very version of Zimbra knows, and on which objects."""

import re
from collections.abc import Mapping

from zmward.sources.source import Snippet, Source, Unreadable

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def parse(answer: str) -> Mapping[str, frozenset[str]]:
    """Read `name objects` lines: lower-case name → objects that may hold it."""
    found = {}
    for line in answer.splitlines():
        name, _, objects = line.strip().partition(" ")
        if not _NAME.fullmatch(name):
            raise Unreadable(f"conf/attrs: not an attribute: {line[:60]!r}")
        found[name.lower()] = frozenset(filter(None, objects.split(",")))
    if not found:
        raise Unreadable("conf/attrs lists no attributes")
    return found


SCHEMA = Source(
    name="schema",
    about="The attributes that this version of Zimbra knows, and where they may be.",
    question=Snippet(
        r"""
content /opt/zimbra/conf/attrs/zimbra-attrs.xml >/dev/null || return
for file in /opt/zimbra/conf/attrs/*.xml; do
    content "$file" || printf '\n<unread'
done | awk '
    function value(name) {
        if (!match($0, "[ \t\r\n]" name "=\"[A-Za-z0-9, -]*\"")) return ""
        return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
    }
    BEGIN { RS = "<" }
    /^unread/ { partly = 27 }
    /^attr[ \t\r\n]/ {
        objects = value("requiredIn") "," value("optionalIn")
        gsub(/[ \t]/, "", objects)
        if (value("name") != "") print value("name"), objects
    }
    END { exit partly + 0 }'
"""
    ),
    parse=parse,
)
