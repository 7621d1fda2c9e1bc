"""Certificates for the examples of controls."""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from zmward.sources.certificates import Certificate, CertificateFile

NGINX_FILE = "/opt/zimbra/conf/nginx.crt"
_USUAL = Certificate(
    subject="CN=mail.example.com",
    issuer="CN=Example CA",
    names=("mail.example.com",),
    start=datetime(2026, 1, 1, tzinfo=UTC),
    end=datetime(2027, 11, 20, tzinfo=UTC),
    key="RSA",
    bits=2048,
    signature="sha256",
    fingerprint="aa",
    public_key="11",
    self_signed=False,
    signed_by_next=True,
)
ISSUER = replace(
    _USUAL, subject="CN=Example CA", self_signed=True, signed_by_next=False
)


def certificate(**own: Any) -> Certificate:
    """Return a sound certificate with some columns of its own."""
    return replace(_USUAL, **own)


def files(*found: Certificate, path: str = NGINX_FILE) -> dict[str, CertificateFile]:
    """Return one file that holds these certificates."""
    return {path: CertificateFile(found)}
