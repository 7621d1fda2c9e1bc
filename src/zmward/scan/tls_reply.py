"""What a server answers to a ClientHello: read with distrust, bounded, taken apart.

hello sent ── ServerHello (and what follows it in the clear) ── accepted
           ── an alert, or the connection closed             ── refused
           ── anything else                                  ── Broken
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from zmward.scan.line import Babble, Ended, Line, Silent, TooMuch
from zmward.scan.tls_hello import GROUPS, TLS12, TLS13

_ALERT, _HANDSHAKE, _SECRET, _CHANGE = 21, 22, 23, 20
SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE, DONE, STATUS = 2, 11, 12, 14, 22
_VERSIONS, _SHARE, _RENEGOTIATION = 43, 51, 0xFF01
_RECORDS: Final = 64
_LONGEST: Final = 16_384 + 2048
_MOST: Final = 131_072
_CHAIN: Final = 12
# The random value by which a HelloRetryRequest is known (RFC 8446, 4.1.3).
_RETRY: Final = bytes.fromhex(
    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
)
ALERTS: Final = {
    0: "close_notify",
    10: "unexpected_message",
    22: "record_overflow",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    47: "illegal_parameter",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    116: "certificate_required",
    120: "no_application_protocol",
}

# What servers say of a protocol or of ciphers that they do not speak.
_REFUSALS: Final = (0, 40, 70, 71, 80, 86)


class Refusal(msgspec.Struct, frozen=True):
    """How a hello was turned down; without an alert it was only hung up on."""

    words: str
    alert: bool


class Reply(msgspec.Struct, frozen=True):
    """A hello that was taken: what the server chose, and what it showed in the clear.

    `message` is the ServerHello itself; `chain` are certificates as DER, in order.
    """

    version: int
    cipher: int
    compressed: bool
    safe_renegotiation: bool
    retry: bool
    group: int = 0
    share: bytes = b""
    message: bytes = b""
    dh_bits: int = 0
    chain: tuple[bytes, ...] = ()
    stapled: bool = False


class Cursor:
    """Takes bytes off the front of a message; a lying length is Babble."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def take(self, count: int) -> bytes:
        """Return so many bytes."""
        if count > len(self._rest):
            raise Babble("a length in its TLS message is wrong")
        found, self._rest = self._rest[:count], self._rest[count:]
        return found

    def number(self, width: int) -> int:
        """Return a number of so many bytes."""
        return int.from_bytes(self.take(width), "big")

    def counted(self, width: int) -> bytes:
        """Return the bytes that stand behind their length."""
        return self.take(self.number(width))

    def __bool__(self) -> bool:
        return bool(self._rest)


def one_record(line: Line) -> tuple[int, bytes]:
    """Return kind and content of the next record."""
    header = line.exactly(5)
    kind, length = header[0], int.from_bytes(header[3:], "big")
    if kind not in (_ALERT, _HANDSHAKE, _SECRET, _CHANGE) or header[1] != TLS12 >> 8:
        raise Babble("it answered with something that is not TLS")
    if length > _LONGEST:
        raise Babble("it announced a TLS record longer than any")
    return kind, line.exactly(length)


def _refusal(content: bytes) -> Refusal | None:
    """Read an alert; a mere warning is passed over."""
    cursor = Cursor(content)
    level, number = cursor.number(1), cursor.number(1)
    if level == 1 and number:
        return None
    if number not in _REFUSALS:
        # It complains of the hello, not of what the hello offers.
        raise Babble(f"alert {number} {ALERTS.get(number, 'unknown')}")
    return Refusal(f"alert {number} {ALERTS[number]}", alert=True)


def split(buffer: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return the whole handshake messages of a buffer, and what is left."""
    found = []
    while len(buffer) >= 4:  # noqa: PLR2004  # a message's kind and length
        length = int.from_bytes(buffer[1:4], "big")
        if length > _MOST:
            raise TooMuch(f"it announced a message of {length} bytes")
        if len(buffer) < 4 + length:
            break
        found.append((buffer[0], buffer[4 : 4 + length]))
        buffer = buffer[4 + length :]
    return found, buffer


def _messages(line: Line) -> Iterator[tuple[int, bytes] | Refusal]:
    buffer, taken = b"", 0
    for _ in range(_RECORDS):
        kind, content = one_record(line)
        taken += len(content)
        if kind == _ALERT:
            if refusal := _refusal(content):
                yield refusal
            continue
        if kind != _HANDSHAKE:
            raise Babble("it answered the hello with another kind of TLS record")
        found, buffer = split(buffer + content)
        yield from found
        if taken > _MOST:
            break
    raise TooMuch("its answer to the hello does not end")


def _extensions(cursor: Cursor) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    if not cursor:
        return found
    rest = Cursor(cursor.counted(2))
    while rest:
        kind = rest.number(2)
        found[kind] = rest.counted(2)
    return found


def _server_hello(content: bytes) -> Reply:
    cursor = Cursor(content)
    version, random = cursor.number(2), cursor.take(32)
    cursor.counted(1)
    cipher, compression = cursor.number(2), cursor.number(1)
    extensions = _extensions(cursor)
    if _VERSIONS in extensions:
        version = Cursor(extensions[_VERSIONS]).number(2)
    retry, group, share = random == _RETRY, 0, b""
    if _SHARE in extensions:
        shared = Cursor(extensions[_SHARE])
        group = shared.number(2)
        share = b"" if retry else shared.counted(2)
    return Reply(
        version,
        cipher,
        compressed=bool(compression),
        safe_renegotiation=_RENEGOTIATION in extensions,
        retry=retry,
        group=group,
        share=share,
        message=bytes((SERVER_HELLO,)) + len(content).to_bytes(3, "big") + content,
    )


def chain_of(content: bytes) -> tuple[bytes, ...]:
    """Return the certificates of a Certificate message before TLS 1.3."""
    rest, found = Cursor(Cursor(content).counted(3)), list[bytes]()
    while rest and len(found) < _CHAIN:
        found.append(rest.counted(3))
    return tuple(found)


def _exchange(content: bytes, kind: str) -> tuple[int, int]:
    """Return the group of a ServerKeyExchange, and the bits of a prime."""
    cursor = Cursor(content)
    if kind == "ECDHE":
        named = cursor.number(1) == 3  # noqa: PLR2004  # named_curve
        return (cursor.number(2) if named else 0), 0
    if kind == "DHE":
        return 0, int.from_bytes(cursor.counted(2), "big").bit_length()
    return 0, 0


Kinds = Mapping[int, str]


def _with(found: Reply, kind: int, content: bytes, kinds: Kinds) -> Reply:
    """Return what is known with one more message."""
    if kind == CERTIFICATE:
        return replace(found, chain=chain_of(content))
    if kind == STATUS:
        return replace(found, stapled=content[:1] == b"\1")
    if kind == KEY_EXCHANGE:
        group, bits = _exchange(content, kinds.get(found.cipher, ""))
        return replace(found, group=group, dh_bits=bits)
    return found


def reply(line: Line, kinds: Kinds) -> Reply | Refusal:
    """Read the answer to a hello; `kinds` are the key exchanges of the offered ciphers.

    Raises Broken where the answer is neither. Who goes silent after a ServerHello has
    taken the hello all the same.
    """
    found: Reply | None = None
    try:
        for one in _messages(line):
            if isinstance(one, Refusal):
                return one
            kind, content = one
            if found is None:
                if kind != SERVER_HELLO:
                    raise Babble("its first message is no ServerHello")
                found = _server_hello(content)
            found = _with(found, kind, content, kinds)
            if kind == DONE or found.version >= TLS13:
                return found
    except (Ended, Silent) as broken:
        if found:
            return found
        if isinstance(broken, Ended):
            return Refusal("it hung up", alert=False)
        raise
    raise TooMuch("its answer to the hello does not end")


def group_name(number: int) -> str:
    """Return a group's name, or its number."""
    return GROUPS.get(number, f"group {number}")
