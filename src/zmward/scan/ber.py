"""The few words of BER that LDAP's first questions need, written and read.

What is read was sent by a stranger: no length is believed beyond the bytes at hand.
"""

from collections.abc import Iterator
from typing import Final

from zmward.scan.line import Babble, Line, TooMuch

SEQUENCE: Final = 0x30
INTEGER: Final = 0x02
OCTETS: Final = 0x04
ENUMERATED: Final = 0x0A
BOOLEAN: Final = 0x01
_LONG: Final = 0x80
_MOST_LENGTH_BYTES: Final = 4
_MOST: Final = 131_072


def wrapped(tag: int, *parts: bytes) -> bytes:
    """Return one element of so many parts."""
    content = b"".join(parts)
    if len(content) < _LONG:
        return bytes((tag, len(content))) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG | len(size))) + size + content


def number(value: int, tag: int = INTEGER) -> bytes:
    """Return a number that is not negative."""
    return wrapped(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _size(content: bytes, at: int) -> tuple[int, int]:
    """Return the length that stands at a place, and where the content begins."""
    if at >= len(content):
        raise Babble("an element without its length")
    first = content[at]
    if first < _LONG:
        return first, at + 1
    count = first & ~_LONG
    if not 0 < count <= _MOST_LENGTH_BYTES or at + 1 + count > len(content):
        raise Babble("a length that is none")
    return int.from_bytes(content[at + 1 : at + 1 + count], "big"), at + 1 + count


def elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the content of each element; raise Babble where it is none."""
    at = 0
    while at < len(content):
        size, begin = _size(content, at + 1)
        if begin + size > len(content):
            raise Babble("an element that ends after its frame")
        yield content[at], content[begin : begin + size]
        at = begin + size


def message(line: Line) -> bytes:
    """Return the content of the next sequence that a server sends."""
    head = line.exactly(2)
    if head[0] != SEQUENCE:
        raise Babble("it answered with something else than BER")
    if head[1] >= _LONG:
        head += line.exactly(min(head[1] & ~_LONG, _MOST_LENGTH_BYTES + 1))
    size, _ = _size(head, 1)
    if size > _MOST:
        raise TooMuch(f"it announced an answer of {size} bytes")
    return line.exactly(size)
