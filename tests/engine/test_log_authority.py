"""The small authority for log hosts: what it signs, and what is refused."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from zmward.doors.log_authority import Identity, Unfit, checked, fits, issued, made

NAME = "mail.example.test"


@pytest.fixture(scope="module")
def authority() -> tuple[str, str]:
    return made()


@pytest.fixture(scope="module")
def own(authority: tuple[str, str]) -> Identity:
    return issued(*authority, NAME)


def test_an_authority_signs_hosts_and_nothing_below_them(
    authority: tuple[str, str], own: Identity
) -> None:
    root = x509.load_pem_x509_certificate(authority[0].encode())
    found = x509.load_pem_x509_certificate(own.certificate.encode())
    found.verify_directly_issued_by(root)
    limits = [
        one.extensions.get_extension_for_class(x509.BasicConstraints).value
        for one in (root, found)
    ]
    assert [(one.ca, one.path_length) for one in limits] == [(True, 0), (False, None)]
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == [NAME]
    days = (found.not_valid_after_utc - datetime.now(UTC)).days
    assert 800 < days < 830


def test_every_host_has_a_key_of_its_own(
    authority: tuple[str, str], own: Identity
) -> None:
    assert issued(*authority, NAME).key != own.key
    assert load_pem_private_key(own.key.encode(), None)


def test_what_was_made_fits(authority: tuple[str, str], own: Identity) -> None:
    fits(NAME, authority[0], own.certificate)
    assert checked(NAME, own) == own


def test_what_does_not_fit_is_refused(
    authority: tuple[str, str], own: Identity
) -> None:
    forged = issued(*made(), NAME)
    with pytest.raises(Unfit, match="none of this CA"):
        fits(NAME, authority[0], forged.certificate)
    with pytest.raises(Unfit, match="does not name"):
        fits("other.example.test", authority[0], own.certificate)
    with pytest.raises(Unfit, match="no certificate"):
        fits(NAME, authority[0], "nonsense")
    other = Identity(own.authority, own.certificate, forged.key)
    with pytest.raises(Unfit, match="not that of the certificate"):
        checked(NAME, other)
    with pytest.raises(Unfit, match="not that of the certificate"):
        issued(authority[0], made()[1], NAME)


def test_a_key_is_in_no_message(own: Identity) -> None:
    broken = own.key.replace("PRIVATE", "BROKEN")
    with pytest.raises(Unfit) as caught:
        checked(NAME, Identity(own.authority, own.certificate, broken))
    secret = own.key.splitlines()[1]
    assert secret not in str(caught.value)
    assert secret not in repr(own)
