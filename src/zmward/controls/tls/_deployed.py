"""The certificates that services are given: which file is whose."""

from collections.abc import Iterator, Mapping

from zmward.sources.certificates import Certificate, CertificateFile
from zmward.sources.handshakes import Handshake

CONF = "/opt/zimbra/conf"
CA = "/opt/zimbra/ssl/zimbra/ca/ca.pem"
# file → ports that show its certificate
SERVED: Mapping[str, tuple[int, ...]] = {
    f"{CONF}/nginx.crt": (443, 993, 9071),
    f"{CONF}/smtpd.crt": (25, 465, 587),
    f"{CONF}/slapd.crt": (389, 636),
    f"{CONF}/imapd.crt": (8443, 7071, 7993),
}

Files = Mapping[str, CertificateFile]


def short(path: str) -> str:
    """Return a path as findings show it."""
    return path.removeprefix("/opt/zimbra/")


def leaves(files: Files) -> Iterator[tuple[str, Certificate]]:
    """Yield each service's own certificate with its file, the CA's left out."""
    for path, found in files.items():
        if path != CA and found.certificates:
            yield path, found.certificates[0]


def shown(
    files: Files, found: Mapping[int, Handshake]
) -> Iterator[tuple[str, Certificate]]:
    """Yield each certificate that a port shows and no file holds, a keystore's say."""
    seen = {one.fingerprint for file in files.values() for one in file.certificates}
    for port, hand in found.items():
        certificate = hand.certificate
        if certificate is not None and certificate.fingerprint not in seen:
            seen.add(certificate.fingerprint)
            yield f"port {port}", certificate


def unshown(found: Mapping[int, Handshake]) -> Iterator[tuple[int, str]]:
    """Yield each port whose certificate was seen on no port of the same service."""
    for ports in SERVED.values():
        asked = [found[port] for port in ports if port in found]
        if asked and not any(hand.certificate for hand in asked):
            yield asked[0].port, asked[0].error or "it showed no certificate"


def own_authority(files: Files) -> str:
    """Return the name of the authority that Zimbra made for itself, if seen."""
    found = files.get(CA)
    return found.certificates[0].subject if found and found.certificates else ""


def covers(names: tuple[str, ...], host: str) -> bool:
    """Say whether a certificate's names fit a host name (RFC 6125)."""
    host = host.lower().rstrip(".")
    parent = host.partition(".")[2]
    return host in names or (bool(parent) and f"*.{parent}" in names)
