"""A small authority for log hosts and senders: made once, it signs what each needs.

Keys are made here and only ever leave as bytes, for files of mode 0600 and for the
standard input of what writes them.
"""

from datetime import UTC, datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_YEARS = 10
_DAYS = 825
_RENEWED = timedelta(days=60)
_BACK = timedelta(hours=1)


class Identity(msgspec.Struct, frozen=True):
    """What one end of the way needs: whom it believes, who it is, and its key."""

    authority: str
    certificate: str
    key: str

    def __repr__(self) -> str:
        """Return nothing of the key."""
        return "Identity(…)"


class Unfit(Exception):  # its text is a sentence
    """Certificates and keys that do not belong together, or are out of date."""


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = PrivateFormat.PKCS8
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACK)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def made() -> tuple[str, str]:
    """Return a new authority: its certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named("zmward log authority")
    built = (
        _begun(name, name, key.public_key(), _YEARS * 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
    )
    certificate = built.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    return certificate, _pem(key)


def _certificate(pem: str, about: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise Unfit(f"{about} is no certificate in PEM form") from error


def _key(pem: str, about: str) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem.encode(), None)
    except (TypeError, ValueError):
        # Neither the text nor the library's words, which may quote it.
        raise Unfit(f"{about} is no private key in PEM form without password") from None


def _public(key: object) -> bytes:
    found: bytes = key.public_bytes(  # type: ignore[attr-defined]  # all public keys
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return found


def _belong(certificate: x509.Certificate, key: PrivateKeyTypes, about: str) -> None:
    if _public(certificate.public_key()) != _public(key.public_key()):
        raise Unfit(f"{about}: the key is not that of the certificate")


def issued(authority: str, signer: str, name: str) -> Identity:
    """Return a new key and its certificate for a host, signed by the authority."""
    issuer, signing = _certificate(authority, "ca.pem"), _key(signer, "ca.key")
    _belong(issuer, signing, "ca.pem and ca.key")
    if not isinstance(signing, ec.EllipticCurvePrivateKey):
        raise Unfit("ca.key is none that zmward has made")
    if issuer.not_valid_after_utc < datetime.now(UTC) + timedelta(days=_DAYS):
        raise Unfit("ca.pem ends before what it would sign: make a new authority")
    key = ec.generate_private_key(ec.SECP256R1())
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    known = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    built = (
        _begun(_named(name[:64]), issuer.subject, key.public_key(), _DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(known, critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False
        )
    )
    certificate = built.sign(signing, SHA256()).public_bytes(Encoding.PEM).decode()
    return Identity(authority, certificate, _pem(key))


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in found.value.get_values_for_type(x509.DNSName)]


def fits(name: str, authority: str, certificate: str) -> None:
    """Raise Unfit where a certificate is not this host's, valid, or the authority's."""
    own, issuer = _certificate(certificate, name), _certificate(authority, "the CA")
    if name.lower() not in _names(own):
        raise Unfit(f"the certificate does not name {name}")
    if own.not_valid_after_utc < datetime.now(UTC) + _RENEWED:
        raise Unfit(f"the certificate of {name} ends within {_RENEWED.days} days")
    if certificate.count("BEGIN CERTIFICATE") > 1:
        return
    try:
        own.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError) as error:
        raise Unfit(f"the certificate of {name} is none of this CA") from error


def checked(name: str, given: Identity) -> Identity:
    """Return the site's own certificate and key, or raise Unfit."""
    fits(name, given.authority, given.certificate)
    _belong(_certificate(given.certificate, name), _key(given.key, "the key"), name)
    return given
