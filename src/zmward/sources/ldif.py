"""LDIF as ldapsearch prints it: folded lines, base64, comments (RFC 2849)."""

import base64
import binascii
from collections.abc import Iterable, Iterator

import msgspec

from zmward.sources.source import Unreadable


class Record(msgspec.Struct, frozen=True):
    """One entry: its DN and its values by lower-case attribute name."""

    dn: str
    values: dict[str, tuple[str, ...]]

    def one(self, name: str) -> str:
        """Return the first value, or an empty text."""
        return self.values.get(name.lower(), ("",))[0]


def _unfolded(lines: Iterable[str]) -> Iterator[str]:
    held: str | None = None
    for line in lines:
        if line.startswith(" ") and held is not None:
            held += line[1:]
            continue
        if held is not None:
            yield held
        held = line
    if held is not None:
        yield held


def decoded(text: str) -> str:
    """Return the text that base64 stands for; broken base64 is Unreadable."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "backslashreplace")
    except binascii.Error as error:
        raise Unreadable(f"LDIF: broken base64: {text[:40]!r}") from error


def _pair(line: str) -> tuple[str, str]:
    name, colon, rest = line.partition(":")
    if not colon or not name or " " in name:
        raise Unreadable(f"LDIF: not an attribute: {line[:60]!r}")
    if rest.startswith(":"):
        return name, decoded(rest[1:].strip())
    if rest.startswith("<"):
        raise Unreadable(f"LDIF: a value from a URL: {line[:60]!r}")
    return name, rest.removeprefix(" ")


def records(lines: Iterable[str]) -> Iterator[Record]:
    """Yield the entries one by one, holding only one in memory."""
    dn: str | None = None
    values: dict[str, list[str]] = {}
    for line in _unfolded(lines):
        if line.startswith("#"):
            continue
        if not line.strip():
            if dn is not None:
                yield _record(dn, values)
            dn, values = None, {}
            continue
        name, value = _pair(line)
        if dn is None:
            if name.lower() == "version":
                continue
            if name.lower() != "dn":
                raise Unreadable(f"LDIF: no dn before {line[:60]!r}")
            dn = value
        else:
            plain = name.partition(";")[0].lower()
            values.setdefault(plain, []).append(value)
    if dn is not None:
        yield _record(dn, values)


def _record(dn: str, values: dict[str, list[str]]) -> Record:
    return Record(dn, {name: tuple(found) for name, found in values.items()})


def parse(answer: str) -> tuple[Record, ...]:
    """Read a whole answer."""
    return tuple(records(answer.splitlines()))
