"""What a node's own resolver says of the names of the installation's servers."""

import re
from collections.abc import Mapping

from zmward.sources._sockets import address
from zmward.sources.source import Snippet, Source, Unreadable

_NAME = re.compile(r"([>?]) ([A-Za-z0-9.-]{1,253})")


def parse(answer: str) -> Mapping[str, frozenset[str]]:
    """Read `> name` lines, each with its addresses; `? name` was not answered in time.

    A name without addresses is one that does not resolve; one of which nobody knows
    is left out.
    """
    found: dict[str, set[str]] = {}
    asked, current = False, None
    for line in answer.splitlines():
        name = _NAME.fullmatch(line)
        if name:
            asked = True
            current = found.setdefault(name[2], set()) if name[1] == ">" else None
        elif current is None and line.strip():
            raise Unreadable(f"resolved names: no name before {line[:60]!r}")
        elif current is not None and line.strip():
            current.add(address(line.strip()))
    if not asked:
        raise Unreadable("resolved names: no server was asked about")
    return {name: frozenset(addresses) for name, addresses in found.items()}


# Forty names at a time, so that a name server that is down costs half a minute and
# not one for each name; each writes its lines at once.
RESOLVED_NAMES = Source(
    name="resolved-names",
    about="The addresses that the node itself finds for every server's name.",
    question=Snippet(
        r"""
if ! command -v getent >/dev/null 2>&1; then
    printf 'getent is not installed\n' >&2
    return 127
fi
names=$(search cn=servers,cn=zimbra one '(objectClass=zimbraServer)' \
    cn zimbraServiceHostname) || return
seconds=6
printf '%s\n' "$names" | awk '$1 == "cn:" || $1 == "zimbraServiceHostname:" {
    if ($2 ~ /^[A-Za-z0-9.-]+$/) print $2 }' | sort -u | head -n 200 | {
    number=0
    while read -r name; do
        {
            found=$(limit getent ahosts "$name") && code=0 || code=$?
            found=$(printf '%s\n' "$found" | awk 'NF { print $1 }' | sort -u)
            case $code in
                0) printf '> %s\n%s\n' "$name" "$found" ;;
                2) printf '> %s\n' "$name" ;;
                *) printf '? %s\n' "$name" ;;
            esac
        } &
        number=$((number + 1))
        [ $((number % 40)) != 0 ] || wait
    done
    wait
}
""",
        seconds=60,
    ),
    parse=parse,
)
