"""Who logged in during the last 30 days, how, and which clients sent without a login.

Counted on the server from its own logs, packed ones too. Only a plan asks this: it
names the people whom a repair would hurt.
"""

import re
from collections.abc import Mapping

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_ROW = re.compile(
    r"(span|login|typed|client|tls|more)\t(\S{1,40})\t([^\t]{0,320})\t"
    r"([0-9]{1,12})\t([^\t]{0,60})",
    re.ASCII,
)
_MOST = 20_000


class Use(msgspec.Struct, frozen=True):
    """How often somebody used something, and from which address last."""

    count: int
    address: str = ""


class Logins(msgspec.Struct, frozen=True):
    """What the logs tell.

    `days` is by log (audit, mail, proxy); a log that was not found has no row.
    `accounts` and `typed` are by protocol and name, `clients` (without a login) by
    address, `old_tls` by address. `cut` names what has more rows than were counted.
    """

    days: Mapping[str, int] = {}
    accounts: Mapping[str, Mapping[str, Use]] = {}
    typed: Mapping[str, Mapping[str, Use]] = {}
    clients: Mapping[str, Use] = {}
    old_tls: Mapping[str, Use] = {}
    cut: frozenset[str] = frozenset()


def parse(answer: str) -> Logins:
    """Read rows of kind, word, name, count and address."""
    days: dict[str, int] = {}
    tables: dict[str, dict[str, dict[str, Use]]] = {
        kind: {} for kind in ("login", "typed", "client", "tls")
    }
    cut = set()
    for line in answer.splitlines():
        row = _ROW.fullmatch(line)
        if row is None:
            raise Unreadable(f"recent logins: not a row: {line[:60]!r}")
        kind, word, name, count, address = row.groups()
        if kind == "span":
            days[word] = int(count)
        elif kind == "more":
            cut.add(word)
        else:
            table = tables[kind].setdefault(word, {})
            table[name] = Use(int(count), address)
    if not days:
        raise Unreadable("recent logins: no log was found")
    clients = tables["client"].get("smtp", {})
    old = tables["tls"].get("smtp", {})
    return Logins(days, tables["login"], tables["typed"], clients, old, frozenset(cut))


# The days are those on which a log has lines: a gap is not counted as seen.
_SNIPPET = r"""
recent() {
    find "$1" -maxdepth 1 -type f -name "$2" -mtime -31 2>/dev/null
}
packed() {
    while IFS= read -r path; do gzip -cdf <"$path" 2>/dev/null || :; done
}
logs=/opt/zimbra/log
{
    recent "$logs" 'audit.log*' | packed
    printf '\001mail\n'
    recent /var/log 'zimbra.log*' | packed
    printf '\001proxy\n'
    recent "$logs" 'nginx.log*' | packed
} | limit nice -n 10 awk -v most=@MOST@ '
    function after(text, words,    at) {
        at = index(text, words)
        return at ? substr(text, at + length(words)) : ""
    }
    function clean(name) {
        gsub(/[\t\r]/, " ", name)
        return substr(name, 1, 300)
    }
    function seen(kind, word, name, address,    key) {
        key = kind "\t" word "\t" clean(name)
        if (!(key in counts)) {
            if (++rows[kind "\t" word] > most) {
                cut[word] = 1
                rows[kind "\t" word]--
                return
            }
        }
        counts[key]++
        from[key] = substr(address, 1, 60)
    }
    function client(text) {
        text = after(text, "[")
        sub(/\].*$/, "", text)
        return text
    }
    function day(text) {
        if (!((log_ "\t" text) in known)) {
            known[log_ "\t" text] = 1
            days[log_]++
        }
    }
    BEGIN { log_ = "audit" }
    /^\001/ { log_ = substr($0, 2); next }
    log_ == "audit" {
        day($1)
        if (!/ security - cmd=Auth;/ || / error=/ || / account=zimbra;/) next
        name = after($0, " account=")
        sub(/;.*$/, "", name)
        how = after($0, "; protocol=")
        sub(/;.*$/, "", how)
        # Web clients can announce it too, at other paths.
        if (/;oproto=smtp;/ && /:[0-9]+\/service\/admin\/soap/) how = "smtp"
        if (how !~ /^[a-z0-9_]+$/) how = "other"
        context = ";" after($0, "] [")
        sub(/\] security - .*$/, "", context)
        address = after(context, ";oip=")
        if (address == "") address = after(context, ";ip=")
        sub(/;.*$/, "", address)
        if (name != "") seen("login", how, name, address)
        next
    }
    log_ == "mail" {
        day($1 ~ /^[0-9]/ ? substr($1, 1, 10) : $1 " " $2)
        if (/smtpd\[[0-9]+\]: [A-Za-z0-9]+: client=/) {
            if (/\/(amavisd|dkimmilter|reinject|archive)\/smtpd/) next
            rest = after($0, ": client=")
            name = after(rest, "sasl_username=")
            sub(/[, ].*$/, "", name)
            if (name != "") seen("typed", "smtp", name, client(rest))
            else seen("client", "smtp", client(rest), "")
        }
        else if (/smtpd\[[0-9]+\]: .*TLS connection established from .*: TLSv1(\.1)? /)
            seen("tls", "smtp", client(after($0, " established from ")), "")
        next
    }
    {
        day($1)
        if (!/ client logged in, client: /) next
        name = after($0, ", login: \"")
        sub(/".*$/, "", name)
        address = after($0, ", client: ")
        sub(/:[0-9]+,.*$/, "", address)
        port = after($0, ", server: ")
        sub(/,.*$/, "", port)
        sub(/^.*:/, "", port)
        how = port ~ /^(110|995|7110|7995)$/ ? "pop3" : "imap"
        if (name != "") seen("typed", how, name, address)
    }
    END {
        for (word in days) print "span\t" word "\t\t" days[word] "\t"
        for (word in cut) print "more\t" word "\t\t" most "\t"
        for (key in counts) print key "\t" counts[key] "\t" from[key]
    }
'
""".replace("@MOST@", str(_MOST))

RECENT_LOGINS = Source(
    name="recent-logins",
    about="Who logged in during the last 30 days and how; asked by plans only.",
    question=Snippet(_SNIPPET, seconds=60),
    parse=parse,
    for_plans=True,
)
