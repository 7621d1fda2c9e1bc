"""Whether the lines of audit.log tell the clients' real addresses: counts only."""

import re
from collections.abc import Mapping

from zmward.sources.source import Snippet, Source, Unreadable

_COUNTS = frozenset(
    (
        *("lines", "logins", "origin", "own", "direct", "none"),
        *("preauth", "preauth-blind"),
    )
)


def parse(answer: str) -> Mapping[str, int]:
    """Read `name count` lines; every count is there."""
    found = {}
    for line in answer.splitlines():
        name, _, number = line.partition(" ")
        if name not in _COUNTS or not re.fullmatch(r"[0-9]{1,12}", number):
            raise Unreadable(f"audit.log: not a count: {line[:60]!r}")
        found[name] = int(number)
    if found.keys() != _COUNTS:
        raise Unreadable("audit.log: counts are missing")
    return found


# `own`: the login seems to come from an address of this node, so that the proxy or
# the MTA hides the client. The principal zimbra is the server's own programs (zmprov).
# Loopback means a program on the node and is left out.
_SNIPPET = r"""
log=/opt/zimbra/log/audit.log
if ! [ -f "$log" ] || ! [ -r "$log" ]; then
    content "$log" >/dev/null
    return
fi
own=$(ip -o addr 2>/dev/null | awk '{
    for (i = 1; i < NF; i++) if ($i == "inet" || $i == "inet6") {
        sub(/\/.*$/, "", $(i + 1))
        print $(i + 1)
    }
}' | tr '\n' ' ')
[ -n "$own" ] || { printf 'ip shows no addresses of this node\n' >&2; return 1; }
limit tail -c 1048576 "$log" | awk -v own="$own" '
    function value(key,    rest, i) {
        i = index(context, ";" key "=")
        if (!i) return ""
        rest = substr(context, i + length(key) + 2)
        sub(/;.*$/, "", rest)
        return rest
    }
    BEGIN {
        number = split(own, list, " ")
        for (i = 1; i <= number; i++) if (list[i] !~ /^(127\.|::1$)/) mine[list[i]] = 1
    }
    { lines++ }
    !/ security - cmd=(Auth|PreAuth);/ { next }
    / account=zimbra;/ { next }
    {
        context = ";" $0
        sub(/ security - .*$/, "", context)
        sub(/^.*\] \[/, ";", context)
        oip = value("oip")
        ip = value("ip")
        if (/ security - cmd=PreAuth;/) {
            preauth++
            if (oip == "" && ip == "") blind++
            next
        }
        logins++
        last = oip
        sub(/^.*, */, "", last)
        if (oip != "" && !(last in mine)) origin++
        else if (oip != "" || ip in mine) hidden++
        else if (ip != "") direct++
        else none++
    }
    END {
        print "lines " lines + 0
        print "logins " logins + 0
        print "origin " origin + 0
        print "own " hidden + 0
        print "direct " direct + 0
        print "none " none + 0
        print "preauth " preauth + 0
        print "preauth-blind " blind + 0
    }
'
"""

ORIGINLOG = Source(
    name="origin-log",
    about="How many logins in audit.log tell the client's own address.",
    question=Snippet(_SNIPPET),
    parse=parse,
)
