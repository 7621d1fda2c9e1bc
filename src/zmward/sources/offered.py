"""Zimbra's packages that apt's lists offer, without asking any repository."""

import re

from zmward.sources.source import Snippet, Source, Unreadable

_PACKAGE = re.compile(r"(zimbra-[a-z0-9.+-]+) (\S+)")


def parse(answer: str) -> dict[str, tuple[str, ...]]:
    """Read `name version` lines: package → every version on offer."""
    found: dict[str, tuple[str, ...]] = {}
    for line in answer.splitlines():
        match = _PACKAGE.fullmatch(line)
        if match is None:
            raise Unreadable(f"apt's lists: not a package: {line[:60]!r}")
        found[match[1]] = (*found.get(match[1], ()), match[2])
    if not found:
        raise Unreadable("apt's lists hold no package of Zimbra")
    return found


OFFERED = Source(
    name="zimbra-offered",
    about="Zimbra's packages on offer, by apt's own lists.",
    question=Snippet(
        r"""
[ -d /var/lib/apt/lists ] || { printf 'apt is not installed\n' >&2; return 127; }
for file in /var/lib/apt/lists/*zimbra*_Packages; do
    [ -r "$file" ] && limit awk '
        $1 == "Package:" { name = $2 }
        $1 == "Version:" && name ~ /^zimbra-/ { print name, $2 }' "$file"
done
return 0
"""
    ),
    parse=parse,
)
