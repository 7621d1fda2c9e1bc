"""What the configured blocklists answer through the resolver that Postfix uses."""

import re
from ipaddress import AddressValueError, IPv4Address
from typing import Literal

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

Kind = Literal["address", "name"]

_LINE = re.compile(r"(resolver|address|name) (\S+) (listed|clean|resolved) (\d+)(.*)")


class Blocklist(msgspec.Struct, frozen=True):
    """The answers for the test entry, and for the entry that must not be listed.

    An empty tuple is "no such name"; None means that no answer came in time.
    """

    kind: Kind
    listed: tuple[str, ...] | None = None
    clean: tuple[str, ...] | None = None


class Blocklists(msgspec.Struct, frozen=True):
    """Each configured zone, and whether the resolver answers anything at all."""

    zones: dict[str, Blocklist]
    resolver: bool


def _answers(code: int, words: str) -> tuple[str, ...] | None:
    if code not in (0, 2):  # getent: found, not found; 124 and others: no answer
        return None
    try:
        return tuple(sorted({str(IPv4Address(word)) for word in words.split()}))
    except AddressValueError as error:
        raise Unreadable(f"blocklists: not an address: {words[:60]!r}") from error


def parse(answer: str) -> Blocklists:
    """Read `kind zone test exit-code address…` lines."""
    zones: dict[str, Blocklist] = {}
    resolver = False
    for line in answer.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise Unreadable(f"blocklists: not a line of ours: {line[:60]!r}")
        said = _answers(int(match[4]), match[5])
        if match[1] == "resolver":
            resolver = bool(said)
            continue
        kind: Kind = "address" if match[1] == "address" else "name"
        found = zones.get(match[2], Blocklist(kind))
        if match[3] == "listed":
            zones[match[2]] = msgspec.structs.replace(found, listed=said)
        else:
            zones[match[2]] = msgspec.structs.replace(found, clean=said)
    return Blocklists(zones, resolver)


# RFC 5782: a list of addresses lists 127.0.0.2 and never 127.0.0.1; a list of names
# lists TEST and never INVALID. getent asks libc's resolver, as Postfix does, which
# Zimbra runs outside any chroot.
BLOCKLISTS = Source(
    name="blocklists",
    about="The configured blocklists' test entries, by the system's resolver.",
    question=Snippet(
        r"""
program=/opt/zimbra/common/sbin/postconf
[ -x "$program" ] || program=/opt/zimbra/postfix/sbin/postconf
[ -x "$program" ] || { printf 'postconf is not installed\n' >&2; return 127; }
command -v getent >/dev/null 2>&1 || {
    printf 'getent is not installed\n' >&2; return 127; }
lookup() {
    said=$(seconds=4; limit getent ahostsv4 "$4" 2>/dev/null)
    code=$?
    said=$(printf '%s\n' "$said" | awk 'NF { print $1 }' | sort -u | head -n 8)
    # shellcheck disable=SC2086  # one word each
    printf '%s\n' "$1 $2 $3 $code $(printf '%s ' $said)"
}
rules=$(limit "$program" -h smtpd_client_restrictions smtpd_helo_restrictions \
    smtpd_sender_restrictions smtpd_recipient_restrictions) || return 70
sites=$(limit "$program" -h postscreen_dnsbl_sites) || return 70
zones=$({ printf '%s\n' "$rules"
    printf '%s\n' "$sites" | tr ',' ' ' |
        awk '{ for (i = 1; i <= NF; i++) print "reject_rbl_client", $i }'; } |
    tr ',' ' ' | awk '{
        for (i = 1; i < NF; i++) {
            kind = $i == "reject_rbl_client" ? "address" : ""
            if ($i ~ /^reject_rhsbl_/) kind = "name"
            zone = $(i + 1)
            sub(/[=*].*$/, "", zone)
            if (kind && zone ~ /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/) {
                print kind, tolower(zone) } } }' | sort -u | head -n 24)
[ -n "$zones" ] || return 0
{
    lookup resolver . resolved a.root-servers.net &
    printf '%s\n' "$zones" | {
        while read -r kind zone; do
            if [ "$kind" = address ]; then
                lookup address "$zone" listed "2.0.0.127.$zone." &
                lookup address "$zone" clean "1.0.0.127.$zone." &
            else
                lookup name "$zone" listed "test.$zone." &
                lookup name "$zone" clean "invalid.$zone." &
            fi
        done
        wait
    }
    wait
}
""",
        seconds=12,
    ),
    parse=parse,
)
