"""How controls read Postfix's lists of protocols and of networks."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.controls.mta._networks import flaw, network, private, unread
from zmward.controls.shapes.mta import protocols
from zmward.controls.tls._deployed import covers

_MODERN = {"TLSv1.2", "TLSv1.3"}


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("!SSLv2, !SSLv3, !TLSv1, !TLSv1.1", _MODERN),
        (">=TLSv1.2", _MODERN),
        (">=TLSv1.2, <=TLSv1.2", {"TLSv1.2"}),
        ("TLSv1.2", {"TLSv1.2"}),
        ("TLSv1.2:TLSv1.3", _MODERN),
        ("!sslv2 !sslv3", {"TLSv1", "TLSv1.1", *_MODERN}),
        ("", {"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", *_MODERN}),
    ],
)
def test_a_list_of_protocols_allows_what_postconf_says(
    value: str, allowed: set[str]
) -> None:
    assert set(protocols(value) or ()) == allowed


@pytest.mark.parametrize("value", ["TLSv9", ">=", "!", "$smtpd_tls_protocols"])
def test_an_unknown_protocol_is_no_list(value: str) -> None:
    assert protocols(value) is None


@given(st.text())
def test_any_text_is_a_list_or_none(value: str) -> None:
    found = protocols(value)
    assert found is None or found <= {"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", *_MODERN}


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("127.0.0.0/8", ""),
        ("[::1]/128", ""),
        ("192.0.2.10", ""),
        ("192.0.2.10/24", "bits behind"),
        ("[2001:db8::1]/64", "bits behind"),
        ("2001:db8::/64", "brackets"),
        ("mail.example.com", "no network"),
        ("cidr:/etc/trusted", "no network"),
    ],
)
def test_a_network_is_told_from_a_badly_written_one(word: str, words: str) -> None:
    assert words in flaw(word)
    assert bool(flaw(word)) == bool(words)


def test_tables_in_mynetworks_cannot_be_judged() -> None:
    assert unread(("127.0.0.0/8", "cidr:/etc/trusted"))
    assert not unread(("127.0.0.0/8", "[::1]/128"))


def test_a_network_is_private_only_as_a_whole() -> None:
    assert private(ip_network("10.1.0.0/16"))
    assert not private(ip_network("192.0.0.0/8"))
    assert network("[fc00::]/8") == ip_network("fc00::/8")


def test_a_wildcard_covers_one_label() -> None:
    assert covers(("*.example.com",), "mail.example.com")
    assert not covers(("*.example.com",), "example.com")
    assert not covers(("*.example.com",), "a.b.example.com")
