"""LDAP's own questions and answers: a search without a password, and StartTLS."""

from collections.abc import Mapping
from typing import Final

import msgspec

from zmward.scan.ber import (
    BOOLEAN,
    ENUMERATED,
    INTEGER,
    OCTETS,
    SEQUENCE,
    elements,
    message,
    number,
    wrapped,
)
from zmward.scan.line import Babble, Line, TooMuch

BASE: Final = 0
SUBTREE: Final = 2
SUCCESS: Final = 0
SIZE_LIMIT: Final = 4
START_TLS: Final = "1.3.6.1.4.1.1466.20037"

_SEARCH: Final = 0x63
_ENTRY: Final = 0x64
_DONE: Final = 0x65
_REFERENCE: Final = 0x73
_EXTENDED: Final = 0x77
_EXTENDED_DONE: Final = 0x78
_PRESENT: Final = 0x87
_MESSAGES: Final = 64
_VALUES: Final = 64
_LONGEST: Final = 200
_SECONDS: Final = 3
_PARTS: Final = 2


class Entry(msgspec.Struct, frozen=True):
    """One entry of an answer; the attributes' names in lower case."""

    name: str
    attributes: Mapping[str, tuple[str, ...]]


class Result(msgspec.Struct, frozen=True):
    """How a question ended: the entries, the result code, the server's own words."""

    entries: tuple[Entry, ...]
    code: int
    words: str = ""


def _text(content: bytes) -> str:
    return content[:_LONGEST].decode("utf-8", "replace")


def _asked(identity: int, operation: bytes) -> bytes:
    return wrapped(SEQUENCE, number(identity), operation)


def search(
    identity: int, base: str, scope: int, attributes: tuple[str, ...], most: int
) -> bytes:
    """Return the question for at most so many entries; of no attribute `1.1`."""
    return _asked(
        identity,
        wrapped(
            _SEARCH,
            wrapped(OCTETS, base.encode()),
            number(scope, ENUMERATED),
            number(0, ENUMERATED),
            number(most),
            number(_SECONDS),
            wrapped(BOOLEAN, b"\x00"),
            wrapped(_PRESENT, b"objectClass"),
            wrapped(SEQUENCE, *(wrapped(OCTETS, a.encode()) for a in attributes)),
        ),
    )


def start_tls(identity: int) -> bytes:
    """Return the request for TLS on this connection."""
    return _asked(identity, wrapped(_EXTENDED, wrapped(0x80, START_TLS.encode())))


def root(identity: int = 1) -> bytes:
    """Return the question what the server is and holds."""
    return search(identity, "", BASE, ("*", "+"), 1)


def _entry(content: bytes) -> Entry:
    parts = tuple(elements(content))
    if len(parts) != _PARTS or parts[0][0] != OCTETS:
        raise Babble("an entry that is none")
    found: dict[str, tuple[str, ...]] = {}
    for _, pair in elements(parts[1][1]):
        name, values, *_ = (*elements(pair), (0, b""), (0, b""))
        texts = tuple(_text(value) for _, value in elements(values[1]))
        found[_text(name[1]).lower()] = texts[:_VALUES]
        if len(found) > _VALUES:
            raise TooMuch("an entry of too many attributes")
    return Entry(_text(parts[0][1]), found)


def _result(content: bytes) -> tuple[int, str]:
    parts = tuple(elements(content))
    if not parts or parts[0][0] != ENUMERATED or len(parts[0][1]) > _PARTS:
        raise Babble("a result without a code")
    words = _text(parts[2][1]) if len(parts) > _PARTS else ""
    return int.from_bytes(parts[0][1], "big"), words


def answer(line: Line, identity: int) -> Result:
    """Read the answer to one question, of at most 64 messages."""
    found: list[Entry] = []
    for _ in range(_MESSAGES):
        parts = tuple(elements(message(line)))
        if len(parts) < _PARTS or parts[0][0] != INTEGER:
            raise Babble("it answered with something else than LDAP")
        number_, (tag, content) = int.from_bytes(parts[0][1], "big"), parts[1]
        if number_ == 0 and tag == _EXTENDED_DONE:
            return Result(tuple(found), *_result(content))
        if number_ != identity:
            raise Babble("it answered what was not asked")
        if tag == _ENTRY:
            found.append(_entry(content))
        elif tag in (_DONE, _EXTENDED_DONE):
            return Result(tuple(found), *_result(content))
        elif tag != _REFERENCE:
            raise Babble("it answered with something else than LDAP")
    raise TooMuch(f"it sent more than {_MESSAGES} entries")
