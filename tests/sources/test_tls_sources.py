"""Certificates, keys, parameters and handshakes, as lab nodes gave them."""

from contextlib import suppress
from datetime import UTC, datetime
from types import ModuleType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from zmward.sources import certificates, dhparam, handshakes, tls_keys
from zmward.sources.source import Unreadable

_SHORT_PRIME = "MAYCAQsCAQI="  # SEQUENCE of the INTEGERs p = 11 and g = 2

# From a lab node (careless): port 389 takes TLS 1.0, port 443 does not.
_HANDSHAKES = """\
443 try
389 try
443 new New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384
389 new New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384
443 ask
389 ask
389 old New, TLSv1.0, Cipher is ECDHE-RSA-AES256-SHA
443 old :error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version
443 old New, (NONE), Cipher is (NONE)
25 try
25 new New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384
465 try
465 new :error:8000006F:system library:BIO_connect:Connection refused
"""


_PEM = serialization.Encoding.PEM


def _chain(host: str) -> tuple[str, str, str]:
    """Return a leaf, its issuer and the leaf's public key, as PEM."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        for text in (host, "Example CA")
    ]
    made = [
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)  # noqa: FBT003  # the library's signature
        .sign(keys[1], hashes.SHA256())
        for name, key in zip(names, keys, strict=True)
    ]
    public = (
        keys[0]
        .public_key()
        .public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    leaf, issuer = (one.public_bytes(_PEM).decode() for one in made)
    return leaf, issuer, public.decode()


def test_handshakes_tell_what_old_tls_met() -> None:
    found = handshakes.parse(_HANDSHAKES)
    assert {port: hand.old for port, hand in found.items()} == {
        25: "unasked",
        389: "accepted",
        443: "refused",
        465: "unasked",
    }
    assert found[443].protocol == "TLSv1.3"
    assert "refused" in found[465].error


def test_an_openssl_without_old_tls_proves_nothing() -> None:
    text = (
        "443 new New, TLSv1.3, Cipher is X\n443 ask\n"
        "443 old :error:0A0000BF:SSL routines::no protocols available\n"
    )
    assert handshakes.parse(text)[443].old == "unknown"


def test_a_port_that_hangs_proves_nothing() -> None:
    found = handshakes.parse("443 try\n443 ask\n")[443]
    assert (found.old, found.error) == ("unknown", "no handshake in time")


def test_a_chain_is_followed_by_its_signatures() -> None:
    leaf, issuer, _ = _chain("mail.example.com")
    found = certificates.parse(f"> /c.crt\n{leaf}{issuer}> /empty.crt\n")
    first, last = found["/c.crt"].certificates
    assert first.signed_by_next
    assert first.names == ("mail.example.com",)
    assert (first.key, first.bits) == ("EC secp256r1", 256)
    assert last.self_signed
    assert found["/empty.crt"].problem == "holds no certificate"


def test_a_broken_certificate_is_a_problem_of_its_file_only() -> None:
    text = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert "cannot be read" in certificates.parse(f"> /a.crt\n{text}")["/a.crt"].problem


def test_a_key_matches_its_certificate() -> None:
    leaf, _, public = _chain("mail.example.com")
    keys = tls_keys.parse(f"> 640 zimbra zimbra /c.key\n{public}> 600 root root /x\n")
    shown = certificates.read_pem(leaf).certificates[0]
    assert keys["/c.key"].public_key == shown.public_key
    assert keys["/c.key"].mode == 0o640
    assert keys["/x"].public_key == ""


def test_the_prime_is_measured() -> None:
    text = f"-----BEGIN DH PARAMETERS-----\n{_SHORT_PRIME}\n-----END DH PARAMETERS-----"
    assert dhparam.parse(text) == 4


@pytest.mark.parametrize("parser", [certificates, dhparam, handshakes, tls_keys])
@given(text=st.text())
def test_any_text_is_read_or_unreadable(parser: ModuleType, text: str) -> None:
    for answer in (
        text,
        f"> /a\n{text}",
        f"> 600 a b /a\n{text}",
        f"-----BEGIN DH PARAMETERS-----{text}-----END DH PARAMETERS-----",
        f"25 new {text}",
    ):
        with suppress(Unreadable):
            parser.parse(answer)
