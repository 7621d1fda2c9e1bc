"""slapd's own configuration: who may read what, and how strong TLS must be."""

import re
from collections.abc import Mapping

import msgspec

from zmward.sources import ldif
from zmward.sources.source import Snippet, Source, Unreadable

_ACCESS = re.compile(r"(?:\{(\d+)\})?\s*to\s+(.*)", re.DOTALL)

_RIGHT = re.compile(
    r"(?:real)?(?:self)?(?:none|disclose|auth|compare|search|read|write|add|delete"
    r"|manage)|[=+-][0mwazrscxd]*"
)


class Access(msgspec.Struct, frozen=True):
    """One rule of access: to what, and by whom with which right."""

    what: str
    grants: tuple[tuple[str, str], ...]


class Slapd(msgspec.Struct, frozen=True):
    """Rules of the main database, in order, and settings of the whole server."""

    access: tuple[Access, ...]
    settings: Mapping[str, tuple[str, ...]]

    @property
    def strength(self) -> int:
        """Return the least security strength (ssf) that a session needs."""
        words = " ".join(self.settings.get("olcsecurity", ())).split()
        found = [int(w[4:]) for w in words if re.fullmatch(r"ssf=\d{1,4}", w)]
        return max(found, default=0)


def _grant(text: str) -> tuple[str, str]:
    """Return whom a grant names and the right that it gives (slapd.access(5))."""
    words = text.split()
    if len(words) > 1 and words[-1] in ("stop", "continue", "break"):
        words.pop()
    if len(words) > 1 and _RIGHT.fullmatch(words[-1]):
        return " ".join(words[:-1]), words[-1]
    return " ".join(words), "none"


def _rule(text: str) -> Access:
    match = _ACCESS.fullmatch(" ".join(text.split()))
    if match is None:
        raise Unreadable(f"slapd: not a rule of access: {text[:60]!r}")
    what, *grants = re.split(r"\s+by\s+", match[2])
    return Access(what, tuple(map(_grant, grants)))


def parse(answer: str) -> Slapd:
    """Read the LDIF of cn=config's own entry and of its mdb databases."""
    records = ldif.parse(answer)
    main = [r for r in records if "olcdbdirectory" in r.values]
    head = [r for r in records if r.dn == "cn=config"]
    # The accesslog of a replicating master is a database of its own, cn=accesslog.
    mail = [r for r in main if not r.one("olcSuffix")]
    if len(mail) != 1 or len(head) != 1:
        raise Unreadable("slapd's configuration does not show one main database")
    rules = mail[0].values.get("olcaccess", ())
    return Slapd(tuple(map(_rule, rules)), head[0].values)


SLAPD = Source(
    name="slapd",
    about="slapd's rules of access and its TLS settings, without passwords.",
    question=Snippet(
        r"""
folder=/opt/zimbra/data/ldap/config
names='dn olcSuffix olcDbDirectory olcAccess olcSecurity olcLocalSSF olcRequires'
names="$names olcTLSProtocolMin olcTLSCipherSuite olcAllows olcDisallows"
content "$folder/cn=config.ldif" >/dev/null || return
for file in "$folder/cn=config.ldif" "$folder"/cn=config/olcDatabase=*mdb.ldif; do
    [ -r "$file" ] || continue
    limit awk -v names="$names" '
        function say() {
            if (line ~ /^dn: olcDatabase/) line = line ",cn=config"
            name = line
            sub(/:.*/, "", name)
            if (index(" " names " ", " " name " ")) print line
        }
        /^ / { line = line substr($0, 2); next }
        { say(); line = $0 }
        END { say(); print "" }' "$file" || return
done
"""
    ),
    parse=parse,
)
