"""What the node's own web server answers, asked by the node itself with curl."""

import re
from collections.abc import Mapping

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable


class Page(msgspec.Struct, frozen=True):
    """One answer: status (0: no answer), headers by lower-case name, some of the text.

    Values of cookies are masked, their names and flags are there.
    """

    status: int
    headers: Mapping[str, tuple[str, ...]]
    text: str

    def header(self, name: str) -> str:
        """Return the values of a header, joined; empty where it is not sent."""
        return ", ".join(self.headers.get(name.lower(), ()))


def _page(lines: list[str]) -> Page:
    headers: dict[str, list[str]] = {}
    text: list[str] = []
    status: int | None = None
    for line in lines:
        mark, rest = line[:1], line[2:]
        if mark == "?":
            if not re.fullmatch(r"[0-9]{1,3}", rest):
                raise Unreadable(f"curl: not a status: {line[:60]!r}")
            status = int(rest)
        elif mark == "<":
            name, colon, value = rest.partition(":")
            if colon and " " not in name:
                headers.setdefault(name.lower(), []).append(value.strip())
        elif mark == "|":
            text.append(rest)
        else:
            raise Unreadable(f"curl: not a line of an answer: {line[:60]!r}")
    if status is None:
        raise Unreadable("curl: an answer without a status")
    return Page(status, {n: tuple(v) for n, v in headers.items()}, "\n".join(text))


def parse(answer: str) -> Mapping[str, Page]:
    """Read the pages by name; at least one of them must have answered."""
    pages: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in answer.splitlines():
        if line.startswith("> "):
            current = pages.setdefault(line[2:], [])
        elif current is None:
            raise Unreadable(f"curl: no page before {line[:60]!r}")
        else:
            current.append(line)
    found = {name: _page(lines) for name, lines in pages.items()}
    if not any(page.status for page in found.values()):
        raise Unreadable("the web server does not answer on this node")
    return found


_SNIPPET = r"""
curl=
for path in /opt/zimbra/common/bin/curl /usr/bin/curl /usr/local/bin/curl; do
    [ -n "$curl" ] || ! [ -x "$path" ] || curl=$path
done
[ -n "$curl" ] || { printf 'curl is not installed\n' >&2; return 127; }
host=$(setting zimbra_server_hostname)
case $host in
    '' | *[!A-Za-z0-9.-]*) printf 'localconfig.xml names no server\n' >&2; return 78 ;;
esac
ask_page() {
    printf '> %s\n' "$1"
    shift
    limit "$curl" -q -s -k -i --noproxy '*' --max-time 5 --max-filesize 262144 \
        -A zmward -w '\n? %{http_code}\n' "$@" | tr -d '\r' | awk '
        /^\? [0-9]+$/ { status = $2; next }
        !body && /^$/ { body = 1; next }
        !body {
            line = $0
            if (tolower(line) ~ /^set-cookie:/) sub(/=[^;]*/, "=@MASK@", line)
            print "< " substr(line, 1, 1000)
            next
        }
        plain && lines < 60 { print "| " substr($0, 1, 300); lines++ }
        END { print "? " status + 0 }
    ' plain="$plain"
}
plain=
at="--resolve $host:443:127.0.0.1 --resolve $host:80:127.0.0.1"
# shellcheck disable=SC2086  # words of options, made of a host name
ask_page login $at "https://$host/"
plain=1
# shellcheck disable=SC2086
ask_page robots $at "https://$host/robots.txt"
# shellcheck disable=SC2086
ask_page servlet $at "https://$host/service/robots.txt"
plain=
ask_page foreign -H 'Host: foreign.invalid' https://127.0.0.1/
# shellcheck disable=SC2086
ask_page plain $at "http://$host/"
"""

SERVED = Source(
    name="served",
    about="Login page, robots.txt and a foreign host name, as served on this node.",
    question=Snippet(_SNIPPET.replace("@MASK@", "zmward:secret"), seconds=30),
    parse=parse,
)
