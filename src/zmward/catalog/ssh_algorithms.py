"""Algorithms of SSH that nobody should be offered any more, as rows with sources."""

from functools import cache
from typing import Final, Literal

import msgspec

Kind = Literal["key exchange", "host key", "cipher", "mac"]


class Algorithm(msgspec.Struct, frozen=True):
    """One algorithm: why it is weak, and who says so.

    A name that ends in `*` stands for all that begin so.
    """

    kind: Kind
    name: str
    why: str
    source: str


_KEX: Final = "https://www.rfc-editor.org/rfc/rfc9142"
_SHA1: Final = "https://www.openssh.com/txt/release-8.8"
_DSS: Final = "https://www.openssh.com/txt/release-7.0"
_RC4: Final = "https://www.rfc-editor.org/rfc/rfc8758"
_CBC: Final = "https://nvd.nist.gov/vuln/detail/CVE-2008-5161"
_SMALL: Final = "https://nvd.nist.gov/vuln/detail/CVE-2016-2183"
_MD5: Final = "https://www.rfc-editor.org/rfc/rfc6151"
_LISTS: Final = "https://www.rfc-editor.org/rfc/rfc4253#section-6"
_LEFT: Final = "https://www.openssh.com/txt/release-6.7"
TERRAPIN: Final = "https://nvd.nist.gov/vuln/detail/CVE-2023-48795"

_GROUP1: Final = "a group of 1,024 bits and SHA-1"
_SIGNED: Final = "signs with SHA-1, of which collisions can be bought"
_CHAINED: Final = "blocks chained so that plain text can be recovered"
_BLOCKS: Final = "blocks of 64 bits, which repeat after some gigabytes"

ALGORITHMS: Final = (
    Algorithm("key exchange", "diffie-hellman-group1-sha1", _GROUP1, _KEX),
    Algorithm("key exchange", "diffie-hellman-group14-sha1", "SHA-1", _KEX),
    Algorithm("key exchange", "diffie-hellman-group-exchange-sha1", "SHA-1", _KEX),
    Algorithm("key exchange", "rsa1024-sha1", "a key of 1,024 bits and SHA-1", _KEX),
    Algorithm("key exchange", "gss-group1-sha1-*", _GROUP1, _KEX),
    Algorithm("key exchange", "gss-group14-sha1-*", "SHA-1", _KEX),
    Algorithm("key exchange", "gss-gex-sha1-*", "SHA-1", _KEX),
    Algorithm("host key", "ssh-rsa", _SIGNED, _SHA1),
    Algorithm("host key", "ssh-rsa-cert-v01@openssh.com", _SIGNED, _SHA1),
    Algorithm("host key", "ssh-dss", "keys of 1,024 bits, and SHA-1", _DSS),
    Algorithm("host key", "ssh-dss-cert-v01@openssh.com", "1,024 bits, SHA-1", _DSS),
    Algorithm("cipher", "none", "no encryption at all", _LISTS),
    Algorithm("cipher", "arcfour*", "RC4, whose output is not random", _RC4),
    Algorithm("cipher", "3des-cbc", _BLOCKS, _SMALL),
    Algorithm("cipher", "blowfish-cbc", _BLOCKS, _SMALL),
    Algorithm("cipher", "cast128-cbc", _BLOCKS, _SMALL),
    Algorithm("cipher", "des-cbc*", "a key of 56 bits", _SMALL),
    Algorithm("cipher", "aes128-cbc", _CHAINED, _CBC),
    Algorithm("cipher", "aes192-cbc", _CHAINED, _CBC),
    Algorithm("cipher", "aes256-cbc", _CHAINED, _CBC),
    Algorithm("cipher", "rijndael-cbc@lysator.liu.se", _CHAINED, _CBC),
    Algorithm("mac", "none", "nothing shows a change on the way", _LISTS),
    Algorithm("mac", "hmac-md5*", "MD5", _MD5),
    Algorithm("mac", "hmac-sha1-96*", "a code of 96 bits only", _LEFT),
    Algorithm("mac", "hmac-ripemd160*", "left out of every default since 2014", _LEFT),
)

# RFC-less extension by which both sides say that they refuse what Terrapin needs.
STRICT: Final = "kex-strict-s-v00@openssh.com"
CHACHA: Final = "chacha20-poly1305@openssh.com"


@cache
def _rows(kind: Kind) -> tuple[Algorithm, ...]:
    return tuple(row for row in ALGORITHMS if row.kind == kind)


def weak(kind: Kind, name: str) -> Algorithm | None:
    """Return the row of a weak algorithm; None for what no row names."""
    for row in _rows(kind):
        if row.name == name:
            return row
        if row.name.endswith("*") and name.startswith(row.name[:-1]):
            return row
    return None
