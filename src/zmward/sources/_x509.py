"""Reads certificates with cryptography, which is imported by who needs it only."""

from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from zmward.sources.certificates import Certificate, CertificateFile, public_text


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        return ()
    names = [name.lower() for name in found.get_values_for_type(x509.DNSName)]
    return (*names, *map(str, found.get_values_for_type(x509.IPAddress)))


def _demands_staple(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.TLSFeature).value
    except x509.ExtensionNotFound:
        return False
    return x509.TLSFeatureType.status_request in found


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}", key.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "DSA", key.key_size
    return type(key).__name__.removesuffix("PublicKey"), 256


def _signature(certificate: x509.Certificate) -> str:
    try:
        name = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return certificate.signature_algorithm_oid.dotted_string
    return name.name if name else "with the key's own hash"


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _one(
    certificate: x509.Certificate, following: x509.Certificate | None
) -> Certificate:
    kind, bits = _key(certificate)
    public = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Certificate(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        names=_names(certificate),
        start=certificate.not_valid_before_utc,
        end=certificate.not_valid_after_utc,
        key=kind,
        bits=bits,
        signature=_signature(certificate),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        public_key=public_text(public),
        self_signed=certificate.subject == certificate.issuer,
        signed_by_next=following is not None and _issued(certificate, following),
        demands_staple=_demands_staple(certificate),
    )


_BROKEN = (
    ValueError,
    TypeError,
    KeyError,  # a feature of TLS that cryptography does not know
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


def read(blocks: Iterable[str]) -> CertificateFile:
    """Read PEM blocks that follow each other in one file."""
    try:
        found = [x509.load_pem_x509_certificate(block.encode()) for block in blocks]
        following = (*found[1:], None)
        read = tuple(map(_one, found, following))
    except _BROKEN as error:
        return CertificateFile((), f"cannot be read: {str(error)[:120]}")
    return CertificateFile(read, "" if read else "holds no certificate")
