"""Opens the first encrypted messages of a TLS 1.3 server: its certificates (RFC 8446).

Only ciphers of the profile are opened; the keys are fixed, for nothing secret is sent.
cryptography is slow to import: this module is imported late.
"""

import hashlib
import hmac
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from zmward.scan.line import Babble, Line, TooMuch
from zmward.scan.tls_hello import RANDOM, Hello, body
from zmward.scan.tls_reply import CERTIFICATE, Cursor, Reply, one_record, split

# cipher → hash, length of its key
_SUITES: Final = {
    0x1301: ("sha256", 16),
    0x1302: ("sha384", 32),
    0x1303: ("sha256", 32),
}
_CURVES: Final = {23: ec.SECP256R1(), 24: ec.SECP384R1()}
_X25519: Final = 29
_APPLICATION, _HANDSHAKE = 23, 22
_RECORDS: Final = 32
_STATUS: Final = 5

Chain = tuple[bytes, ...]


@cache
def _curve_key(group: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(RANDOM, "big") >> 1, _CURVES[group])


@cache
def _x_key() -> x25519.X25519PrivateKey:
    return x25519.X25519PrivateKey.from_private_bytes(RANDOM)


@cache
def shares() -> tuple[tuple[int, bytes], ...]:
    """Return our public keys by group."""
    point = (Encoding.X962, PublicFormat.UncompressedPoint)
    return (
        (_X25519, _x_key().public_key().public_bytes_raw()),
        *(
            (group, _curve_key(group).public_key().public_bytes(*point))
            for group in _CURVES
        ),
    )


def _shared(group: int, share: bytes) -> bytes:
    try:
        if group == _X25519:
            return _x_key().exchange(x25519.X25519PublicKey.from_public_bytes(share))
        public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[group], share)
        return _curve_key(group).exchange(ec.ECDH(), public)
    except (ValueError, KeyError) as error:
        raise Babble("its key of TLS 1.3 is none") from error


def _expand(name: str, secret: bytes, label: bytes, context: bytes, size: int) -> bytes:
    """Return HKDF-Expand-Label; a size of more than one block is never asked for."""
    full = b"tls13 " + label
    info = size.to_bytes(2, "big") + bytes((len(full),)) + full
    info += bytes((len(context),)) + context + b"\1"
    return hmac.digest(secret, info, name)[:size]


class _Keys:
    """The server's handshake keys: opens its records one after another."""

    def __init__(self, hello: Hello, reply: Reply) -> None:
        name, size = _SUITES[reply.cipher]
        length = hashlib.new(name).digest_size
        empty = hashlib.new(name).digest()
        early = hmac.digest(bytes(length), bytes(length), name)
        salt = _expand(name, early, b"derived", empty, length)
        secret = hmac.digest(salt, _shared(reply.group, reply.share), name)
        said = hashlib.new(name, body(hello) + reply.message).digest()
        traffic = _expand(name, secret, b"s hs traffic", said, length)
        key = _expand(name, traffic, b"key", b"", size)
        chacha = reply.cipher == 0x1303  # noqa: PLR2004  # IANA's number
        self._cipher = ChaCha20Poly1305(key) if chacha else AESGCM(key)
        self._base = int.from_bytes(_expand(name, traffic, b"iv", b"", 12), "big")
        self._number = 0

    def open(self, content: bytes) -> tuple[int, bytes]:
        """Return kind and content of an encrypted record."""
        nonce = (self._base ^ self._number).to_bytes(12, "big")
        self._number += 1
        header = b"\x17\x03\x03" + len(content).to_bytes(2, "big")
        try:
            inner = self._cipher.decrypt(nonce, content, header).rstrip(b"\0")
        except (InvalidTag, ValueError) as error:
            raise Babble("its TLS 1.3 cannot be opened") from error
        return (inner[-1], inner[:-1]) if inner else (0, b"")


def _read(content: bytes) -> tuple[Chain, bool]:
    cursor = Cursor(content)
    cursor.counted(1)
    rest, found, stapled = Cursor(cursor.counted(3)), list[bytes](), False
    while rest and len(found) < 12:  # noqa: PLR2004  # no honest chain is longer
        found.append(rest.counted(3))
        extensions = Cursor(rest.counted(2))
        while extensions:
            kind, value = extensions.number(2), extensions.counted(2)
            stapled = stapled or (
                kind == _STATUS and len(found) == 1 and value[:1] == b"\1"
            )
    return tuple(found), stapled


def opened(line: Line, hello: Hello, reply: Reply) -> tuple[Chain, bool]:
    """Return the chain that the server goes on to send, and whether OCSP is stapled."""
    if reply.cipher not in _SUITES:
        raise Babble("it chose a cipher that was not offered")
    keys, buffer = _Keys(hello, reply), b""
    for _ in range(_RECORDS):
        kind, content = one_record(line)
        if kind != _APPLICATION:
            continue
        kind, content = keys.open(content)
        if kind != _HANDSHAKE:
            raise Babble("it broke its TLS 1.3 off")
        found, buffer = split(buffer + content)
        for message, text in found:
            if message == CERTIFICATE:
                return _read(text)
    raise TooMuch("its TLS 1.3 handshake does not end")
