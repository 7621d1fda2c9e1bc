"""Programs that the web servers of Zimbra would run, by path, and who ships them."""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_LINE = re.compile(r"(shipped|loose) (/.*)")


class WebPrograms(msgspec.Struct, frozen=True):
    """Paths that belong to an installed package, and paths that belong to none."""

    shipped: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()


def parse(answer: str) -> WebPrograms:
    """Read `shipped PATH` and `loose PATH` lines."""
    found: dict[str, list[str]] = {"shipped": [], "loose": []}
    for line in answer.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise Unreadable(f"web programs: not a path: {line[:60]!r}")
        found[match[1]].append(match[2])
    if not any(found.values()):
        raise Unreadable("no web application was found below jetty_base")
    return WebPrograms(tuple(found["shipped"]), tuple(found["loose"]))


WEB_PROGRAMS = Source(
    name="web-programs",
    about="Files below Zimbra's web roots that a web server would run.",
    question=Snippet(
        r"""
root=/opt/zimbra/jetty_base/webapps
if ! [ -d "$root" ]; then
    printf '%s: No such file or directory\n' "$root" >&2
    return 1
fi
list() {
    for place in "$root" /opt/zimbra/data/httpd/htdocs; do
        [ -d "$place" ] || continue
        limit find "$place/" ! -type d \
        \( -name '*.[jJ][sS][pP]*' -o -name '*.[jJ][sS][wWvV]' \
        -o -name '*.tag' -o -name '*.tagx' \
        -o -name '*.[pP][hH][pP]*' -o -name '*.[wW][aA][rR]' -o -name '*.sh' \
        -o -name '*.py' -o -name '*.pl' -o -name '*.exe' \) -print0 2>/dev/null
        case $?-$(id -u) in
            0-* | 1-0) ;;
            *) printf '!\000' ;;
        esac
    done | tr '\n\000' '\001\n' | tr -d '\001-\011\013-\037'
}
owned() {
    if [ -s /var/lib/dpkg/status ]; then
        cat /var/lib/dpkg/info/zimbra-*.list 2>/dev/null
    elif command -v rpm >/dev/null 2>&1; then
        limit rpm -qa --qf '[%{FILENAMES}\n]' 'zimbra-*' 2>/dev/null
    fi | grep -e '^/opt/zimbra/jetty' -e '^/opt/zimbra/mailboxd' -e /htdocs/ |
        sed 's,^/opt/zimbra/\(jetty\|mailboxd\)/,/opt/zimbra/jetty_base/,'
}
{
    owned | sed 's/^/+/'
    list
} | awk '
    /^\+/ { known[substr($0, 2)] = 1; next }
    /^!/ {
        print "not every folder could be looked through" > "/dev/stderr"
        partly = 27
        next
    }
    $0 in known { print "shipped " $0; next }
    ++loose <= 4000 { print "loose " $0 }
    END { exit partly + 0 }'
"""
    ),
    parse=parse,
)
