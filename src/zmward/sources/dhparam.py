"""The Diffie-Hellman parameters that proxy, MTA and slapd use."""

import re
from base64 import b64decode
from binascii import Error

from zmward.sources.source import File, Source, Unreadable

# PKCS #3 and X9.42 both begin with the prime.
_PEM = re.compile(
    r"-----BEGIN (X9\.42 )?DH PARAMETERS-----([A-Za-z0-9+/=\s]*)"
    r"-----END (X9\.42 )?DH PARAMETERS-----"
)
_SEQUENCE, _INTEGER, _LONG = 0x30, 0x02, 0x80


def _value(content: bytes, tag: int) -> bytes:
    """Return the value of the DER element that `content` begins with."""
    if len(content) < 2 or content[0] != tag:  # tag and length
        raise Unreadable("dhparam.pem holds something else than parameters")
    length, start = content[1], 2
    if length & _LONG:
        start += length & ~_LONG
        length = int.from_bytes(content[2:start])
    if not length or len(content) < start + length:
        raise Unreadable("dhparam.pem breaks off")
    return content[start : start + length]


def parse(answer: str) -> int:
    """Return the length of the prime in bits."""
    match = _PEM.search(answer)
    if match is None:
        raise Unreadable("dhparam.pem holds no parameters")
    try:
        content = b64decode("".join(match[2].split()), validate=True)
    except (Error, ValueError) as error:
        raise Unreadable(f"dhparam.pem is not base64: {error}") from error
    prime = _value(_value(content, _SEQUENCE), _INTEGER)
    return int.from_bytes(prime).bit_length()


DHPARAM = Source(
    name="dhparam",
    about="The Diffie-Hellman parameters in use.",
    question=File("/opt/zimbra/conf/dhparam.pem"),
    parse=parse,
)
