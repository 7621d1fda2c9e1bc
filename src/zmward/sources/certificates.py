"""The certificates that Zimbra's services are given, as their files hold them."""

import re
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_PEM = re.compile(
    r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----"
)
_FOLDER = "/opt/zimbra/conf"


class Certificate(msgspec.Struct, frozen=True):
    """What one certificate says; `names` are DNS names and addresses of its SAN."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    start: datetime
    end: datetime
    key: str
    bits: int
    signature: str
    fingerprint: str
    public_key: str
    self_signed: bool
    signed_by_next: bool = False
    demands_staple: bool = False


class CertificateFile(msgspec.Struct, frozen=True):
    """One file: its certificates in order, or why it cannot be read."""

    certificates: tuple[Certificate, ...]
    problem: str = ""


def public_text(key: bytes) -> str:
    """Return a public key (DER) as it is compared: its digest."""
    return sha256(key).hexdigest()


def read_pem(text: str) -> CertificateFile:
    """Read the certificates of one PEM text."""
    from zmward.sources._x509 import read  # noqa: PLC0415  # cryptography is slow to import

    return read(_PEM.findall(text))


def _parts(answer: str) -> Iterator[tuple[str, str]]:
    path, lines = "", list[str]()
    for line in answer.splitlines():
        if line.startswith("> "):
            if path:
                yield path, "\n".join(lines)
            path, lines = line[2:], []
        elif line == "x":
            raise Unreadable(f"{path} may not be read")
        elif not path:
            raise Unreadable(f"certificates: not a path: {line[:60]!r}")
        else:
            lines.append(line.strip())
    if path:
        yield path, "\n".join(lines)


def parse(answer: str) -> dict[str, CertificateFile]:
    """Read path → certificates of all files that are there."""
    return {path: read_pem(text) for path, text in _parts(answer)}


CERTIFICATES = Source(
    name="certificates",
    about="The deployed certificates; nothing of the files but certificates.",
    question=Snippet(
        f"""
for file in {_FOLDER}/nginx.crt {_FOLDER}/smtpd.crt {_FOLDER}/slapd.crt \\
    {_FOLDER}/imapd.crt {_FOLDER}/domaincerts/*.crt \\
    /opt/zimbra/ssl/zimbra/ca/ca.pem; do
    [ -f "$file" ] || continue
    in_time || {{ printf 'too many files to look at\\n' >&2; return 27; }}
    printf '> %s\\n' "$file" | tr -d '\\001-\\011\\013-\\037'
    [ -r "$file" ] || {{ printf 'x\\n'; continue; }}
    head -c 262144 -- "$file" | awk '
        /-----BEGIN CERTIFICATE-----/ {{ inside = 1 }}
        inside {{ print }}
        /-----END CERTIFICATE-----/ {{ inside = 0 }}'
done
"""
    ),
    parse=parse,
)
