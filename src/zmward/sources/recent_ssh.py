"""Who logged in over SSH during the last 30 days: by which way, from where.

Counted on the server from sshd's own log lines. Only a plan asks this: it names the
people whom a repair would hurt.
"""

import re
from collections.abc import Mapping

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_ROW = re.compile(
    r"(span|use)\t([a-z0-9-]{1,40})\t([^\t\s]{0,80})\t([^\t\s]{0,60})\t([0-9]{1,12})",
    re.ASCII,
)


class SshLogins(msgspec.Struct, frozen=True):
    """Logins by way (password, publickey, …), then by `user from address`.

    `days` is on how many days the log has lines.
    """

    days: int
    ways: Mapping[str, Mapping[str, int]] = {}


def parse(answer: str) -> SshLogins:
    """Read rows of kind, way, user, address and count."""
    days = None
    ways: dict[str, dict[str, int]] = {}
    for line in answer.splitlines():
        row = _ROW.fullmatch(line)
        if row is None:
            raise Unreadable(f"recent ssh logins: not a row: {line[:60]!r}")
        kind, way, user, address, count = row.groups()
        if kind == "span":
            days = int(count)
        else:
            ways.setdefault(way, {})[f"{user} from {address}"] = int(count)
    if days is None:
        raise Unreadable("recent ssh logins: no log was found")
    return SshLogins(days, ways)


RECENT_SSH = Source(
    name="recent-ssh",
    about="Who logged in over SSH during the last 30 days; asked by plans only.",
    question=Snippet(
        r"""
found=$(find /var/log -maxdepth 1 -type f \( -name 'auth.log*' -o -name 'secure*' \) \
    -mtime -31 2>/dev/null | sort)
if [ -z "$found" ]; then
    printf '/var/log/auth.log, /var/log/secure: No such file or directory\n' >&2
    return 1
fi
printf '%s\n' "$found" | while IFS= read -r path; do
    gzip -cdf <"$path" 2>/dev/null || :
done | limit nice -n 10 awk '
    { day = $1 ~ /^[0-9]/ ? substr($1, 1, 10) : $1 " " $2 }
    !(day in known) { known[day] = 1; days++ }
    # Whoever guesses writes names into this log: only the daemon writes the start.
    {
        at = $1 ~ /^[0-9]/ ? 3 : 5
        if ($at !~ /^sshd(-session)?\[[0-9]+\]:$/ || $(at + 1) != "Accepted") next
        if ($(at + 3) != "for" || $(at + 5) != "from" || $(at + 7) != "port") next
        way = $(at + 2)
        sub(/\/.*$/, "", way)
        if (way !~ /^[a-z0-9-]+$/) next
        key = way "\t" substr($(at + 4), 1, 80) "\t" substr($(at + 6), 1, 60)
        if (key in counts || ++rows <= 5000) counts[key]++
    }
    END {
        print "span\tssh\t\t\t" days + 0
        for (key in counts) print "use\t" key "\t" counts[key]
    }'
""",
        seconds=30,
    ),
    parse=parse,
    for_plans=True,
)
