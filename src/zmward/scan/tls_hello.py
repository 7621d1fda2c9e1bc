"""ClientHellos as bytes, from SSLv3 to TLS 1.3, that no library would still send.

None of them leads to a connection, so nothing in them has to be secret or random.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec

SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
NAMES: Final = {
    SSL3: "SSLv3",
    TLS10: "TLS 1.0",
    TLS11: "TLS 1.1",
    TLS12: "TLS 1.2",
    TLS13: "TLS 1.3",
}
# Numbers of named groups: RFC 8422, RFC 7919, RFC 8446 and IANA's registry.
GROUPS: Final = {
    29: "X25519",
    23: "P-256",
    24: "P-384",
    25: "P-521",
    30: "X448",
    0x11EC: "X25519MLKEM768",
    0x11EB: "SecP256r1MLKEM768",
    256: "ffdhe2048",
    257: "ffdhe3072",
    258: "ffdhe4096",
    26: "brainpoolP256r1",
    27: "brainpoolP384r1",
    28: "brainpoolP512r1",
    22: "secp256k1",
    21: "P-224",
    19: "P-192",
}
_CURVES: Final = (29, 23, 24, 25, 30, 26, 27, 28, 22, 21, 19)
_NEW: Final = (29, 23, 24, 25, 30, 0x11EC, 0x11EB, 256, 257, 258)
# ECDSA, RSA-PSS, EdDSA, RSA and DSA with SHA-2, then what older servers need.
_SIGNATURES: Final = (
    *(0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B),
    *(0x0807, 0x0808, 0x0401, 0x0501, 0x0601, 0x0402, 0x0203, 0x0201, 0x0202),
)
_SAFE_RENEGOTIATION: Final = 0x00FF
RANDOM: Final = sha256(b"zmward-scan").digest()


class Hello(msgspec.Struct, frozen=True):
    """What a hello offers; `shares` are public keys by group (TLS 1.3 only)."""

    version: int
    ciphers: tuple[int, ...]
    name: str = ""
    groups: tuple[int, ...] = ()
    shares: tuple[tuple[int, bytes], ...] = ()

    @property
    def offered(self) -> tuple[int, ...]:
        """Return the groups that are named in it."""
        if self.version == SSL3:
            return ()
        return self.groups or (_NEW if self.version == TLS13 else _CURVES)


def counted(content: bytes, width: int = 2) -> bytes:
    """Return bytes behind their own length."""
    return len(content).to_bytes(width, "big") + content


def _numbers(numbers: Sequence[int]) -> bytes:
    return b"".join(number.to_bytes(2, "big") for number in numbers)


def _extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2, "big") + counted(content)


def _extensions(hello: Hello) -> bytes:
    found = b""
    if hello.name:
        host = hello.name.encode("ascii", "ignore")
        found += _extension(0, counted(b"\0" + counted(host)))
    found += _extension(5, b"\1\0\0\0\0")  # status_request: a staple of OCSP
    found += _extension(10, counted(_numbers(hello.offered)))
    found += _extension(11, b"\1\0")
    if hello.version >= TLS12:
        found += _extension(13, counted(_numbers(_SIGNATURES)))
    if hello.version == TLS13:
        shares = b"".join(
            group.to_bytes(2, "big") + counted(key) for group, key in hello.shares
        )
        found += _extension(43, counted(_numbers((TLS13,)), 1))
        found += _extension(45, b"\1\1")
        found += _extension(51, counted(shares))
    return found


def body(hello: Hello) -> bytes:
    """Return the handshake message, which TLS 1.3 hashes."""
    old = hello.version < TLS13
    ciphers = (*hello.ciphers, _SAFE_RENEGOTIATION) if old else hello.ciphers
    content = min(hello.version, TLS12).to_bytes(2, "big") + RANDOM
    # Some servers want a session's name in TLS 1.3, as middleboxes do.
    content += counted(b"" if old else RANDOM, 1)
    content += counted(_numbers(ciphers))
    # Deflate is offered to see who takes it.
    content += counted(b"\1\0" if old else b"\0", 1)
    if hello.version > SSL3:
        content += counted(_extensions(hello))
    return b"\1" + counted(content, 3)


def record(hello: Hello) -> bytes:
    """Return the hello as it travels."""
    version = min(hello.version, TLS10).to_bytes(2, "big")
    return b"\x16" + version + counted(body(hello))
