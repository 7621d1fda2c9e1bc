"""Certificates that mean harm: whoever stands behind them, nothing breaks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from tests.scan.tls_servers import NOW, Authority, authority
from zmward.controls.registry import controls
from zmward.controls.shapes.outside_tls import sight, spoken
from zmward.controls.tls._shown_examples import DEMANDING, ISSUER, LEAF
from zmward.deviation import Judgement, State
from zmward.doors.authorities import authorities
from zmward.outlook import Outlook
from zmward.profile import Profile
from zmward.scan.tls import pem_of
from zmward.scan.tls_shown import Chain, TlsShown, Trust
from zmward.scan.tls_trust import trusted
from zmward.sources.certificates import CertificateFile, read_pem

DER = x509.load_pem_x509_certificate(LEAF.encode()).public_bytes(Encoding.DER)
TRUST = Trust(ISSUER, datetime(2026, 11, 21, tzinfo=UTC))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tls"))


@given(noise=st.binary(min_size=1, max_size=8), at=st.integers(0, len(DER)))
def test_a_broken_certificate_breaks_nothing(noise: bytes, at: int) -> None:
    wrong = DER[:at] + noise + DER[at + len(noise) :]
    found, _ = trusted((wrong,), TRUST)
    assert found in ("no", "unknown") or wrong == DER
    assert isinstance(read_pem(pem_of(wrong)), CertificateFile)


@pytest.mark.parametrize("version", range(256))
def test_versions_that_are_none_break_nothing(version: int) -> None:
    at = DER.index(b"\xa0\x03\x02\x01\x02") + 4
    wrong = DER[:at] + bytes((version,)) + DER[at + 1 :]
    assert trusted((wrong,), TRUST)[0] in ("no", "unknown")
    assert isinstance(read_pem(pem_of(wrong)), CertificateFile)


def test_a_feature_that_nobody_knows_breaks_nothing() -> None:
    der = x509.load_pem_x509_certificate(DEMANDING.encode()).public_bytes(Encoding.DER)
    feature = b"\x04\x05\x30\x03\x02\x01"
    at = der.index(feature) + len(feature)
    wrong = der[:at] + b"\x04" + der[at + 1 :]
    assert trusted((wrong,), TRUST)[0] in ("no", "unknown")
    assert read_pem(pem_of(wrong)).problem


def test_a_subject_that_is_no_text_breaks_nothing(place: Authority) -> None:
    """Its issuer is believed, it is for no name, and its subject is no UTF-8."""
    key = rsa.generate_private_key(65537, 2048)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AAAA")]))
        .issuer_name(place.certificate.subject)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    der = made.public_bytes(Encoding.DER)
    wrong = der.replace(b"\x0c\x04AAAA", b"\x0c\x04\xff\xfe\xff\xfe")
    assert wrong != der
    assert trusted((wrong,), Trust(place.pem, NOW))[0] == "unknown"
    assert isinstance(read_pem(pem_of(wrong)), CertificateFile)


@given(noise=st.lists(st.binary(max_size=60), max_size=4))
def test_noise_breaks_nothing(noise: list[bytes]) -> None:
    found, _ = trusted(tuple(noise), TRUST)
    assert found == "unknown"
    assert isinstance(read_pem("".join(map(pem_of, noise))), CertificateFile)


def test_a_certificate_travels_as_pem() -> None:
    assert pem_of(DER) == LEAF


def test_an_authority_of_the_same_name_proves_nothing(
    place: Authority, tmp_path: Path
) -> None:
    leaf = place.sign("rsa", rsa.generate_private_key(65537, 2048))
    chain = (leaf.public_bytes(Encoding.DER),)
    assert trusted(chain, Trust(place.pem, NOW)) == ("yes", "")
    found, why = trusted(chain, Trust(authority(tmp_path).pem, NOW))
    assert found == "unknown"
    assert why


def test_an_own_signature_is_nobodys(place: Authority) -> None:
    own = place.certificate.public_bytes(Encoding.DER)
    assert trusted((own,), TRUST)[0] == "no"
    assert trusted((own,), Trust(place.pem, NOW))[0] == "no"


def test_time_is_the_lookers(place: Authority) -> None:
    leaf = place.sign("rsa", rsa.generate_private_key(65537, 2048))
    chain = (leaf.public_bytes(Encoding.DER),)
    later = NOW + timedelta(days=4000)
    assert trusted(chain, Trust(place.pem, later))[0] == "yes"
    assert trusted(chain, Trust(place.pem, NOW + timedelta(days=70)))[0] == "yes"


def test_all_authorities_of_a_system_can_be_read() -> None:
    text = authorities()
    assert text.count("BEGIN CERTIFICATE") > 100
    assert trusted((DER,), Trust(text, NOW))[0] == "no"


class TestWhatIsJudged:
    """What a file of a scan says may be as hostile as a server."""

    def _worst(self, control: str, shown: TlsShown) -> tuple[Judgement, ...]:
        outside = controls()[control].outside
        assert outside
        seen = sight("bad", shown).seen
        return tuple(outside.look(seen, Outlook(Profile(), NOW, seen.host)))

    def test_a_cipher_without_a_row_is_in_no_profile(self) -> None:
        (found,) = self._worst(
            "proxy-ciphers-forward-secret", spoken(443, more=("TLS_NEW",))
        )
        assert found.state is State.BAD
        (found,) = self._worst(
            "mta-ciphers-of-medium-strength", spoken(25, more=("TLS_NEW",))
        )
        assert found.state is State.OK

    def test_names_without_end_are_cut(self) -> None:
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name(
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 60)
            for _ in range(50)
        )
        leaf = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(NOW)
            .not_valid_after(NOW + timedelta(days=900))
            .sign(key, hashes.SHA256())
        )
        shown = spoken(
            443, chains=(Chain((leaf.public_bytes(Encoding.PEM).decode(),)),)
        )
        for control in (
            "certificates-strong",
            "certificates-not-about-to-expire",
            "web-certificate-trusted-by-browsers",
        ):
            assert len(str(self._worst(control, shown))) < 2000
