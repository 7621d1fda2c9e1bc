"""Counts the entries of an LDIF while it passes by, and takes the schema out of one."""

import re
from typing import Final

# A kind → the object class that marks it; the first that matches counts.
KINDS: Final[tuple[tuple[str, bytes], ...]] = (
    ("resources", b"zimbracalendarresource"),
    ("accounts", b"zimbraaccount"),
    ("domains", b"zimbradomain"),
    ("cos", b"zimbracos"),
    ("servers", b"zimbraserver"),
    ("lists", b"zimbradistributionlist"),
    ("aliases", b"zimbraalias"),
    ("global", b"zimbraglobalconfig"),
)
OTHERS: Final = "others"
# Without these no Zimbra starts.
NEEDED: Final = ("global", "servers", "domains", "cos")
_CLASS = re.compile(rb"^objectclass: *(\S+)", re.MULTILINE | re.IGNORECASE)
_NAME = re.compile(rb"^dn::? ", re.MULTILINE | re.IGNORECASE)
_PLAIN = re.compile(rb"^dn: (.+)$", re.MULTILINE | re.IGNORECASE)
_SERVERS: Final = "servers"
_BREAK = re.compile(rb"\n(?:\r?\n)+")
_LONGEST: Final = 64 << 20
_SCHEMA = re.compile(rb"^dn: (cn=[^,\n]+,)?cn=schema,cn=config$", re.IGNORECASE)


class TooLong(Exception):  # it becomes a part that is bad
    """An entry is longer than any that a directory has."""


class LdifCount:
    """Entries by kind of an LDIF that is fed in pieces; `servers` are names of them."""

    def __init__(self) -> None:
        self._left = b""
        self._counts: dict[str, int] = {}
        self._end = b""
        self.servers: set[str] = set()

    def feed(self, piece: bytes) -> None:
        """Take the next piece; raise TooLong for an entry that never ends."""
        self._end = (self._end + piece)[-4:]
        *records, self._left = _BREAK.split(self._left + piece)
        if len(self._left) > _LONGEST:
            raise TooLong
        for record in records:
            self._record(record)

    def _record(self, record: bytes) -> None:
        if not _NAME.search(record):
            return
        classes = {name.lower() for name in _CLASS.findall(record)}
        kind = next((kind for kind, mark in KINDS if mark in classes), OTHERS)
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if kind == _SERVERS and (name := _PLAIN.search(record)):
            self.servers.add(name[1].decode("utf-8", "replace").strip().lower())

    def counts(self) -> dict[str, int]:
        """Return the entries by kind, the last one included, whole or not."""
        self._record(self._left)
        self._left = b""
        names = (*(kind for kind, _ in KINDS), OTHERS)
        return {name: self._counts[name] for name in names if name in self._counts}

    @property
    def ended(self) -> bool:
        """Say whether the last entry was closed by an empty line, as slapcat does."""
        return self._end.replace(b"\r", b"").endswith(b"\n\n")


def schema_of(config: bytes) -> bytes:
    """Return the entries of the schema of a dump of cn=config, as LDIF."""
    kept = []
    for record in _BREAK.split(config.replace(b"\r\n", b"\n")):
        first = record.lstrip(b"\n").partition(b"\n")[0]
        if _SCHEMA.match(first):
            kept.append(record.strip(b"\n"))
    return b"\n\n".join(kept) + b"\n\n" if kept else b""


def total(counts: dict[str, int]) -> int:
    """Return how many entries there are."""
    return sum(counts.values())
