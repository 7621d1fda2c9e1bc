"""Aliases: stable, complete, and true to what controls judge."""

import base64
import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from zmward.evidence import DIRECTORY, Answer, Evidence
from zmward.pseudonyms import Aliases, pseudonymise

ALIASES = Aliases(b"key", ("mail.example.com", "example.com", "Uni.Example"))


def test_mailboxes_hosts_and_domains_are_replaced() -> None:
    text = "anna.b@example.com on mail.example.com, www.MAIL.example.com, uni.example"
    found = ALIASES.text(text)
    for word in ("anna", "example", "mail"):
        assert word not in found.lower()
    assert found.endswith(".invalid")
    assert found == ALIASES.text(text)
    assert found != Aliases(b"other", ("example.com",)).text(text)


def test_a_host_stays_within_its_domain() -> None:
    assert ALIASES.name("mail.example.com").endswith(ALIASES.name("example.com"))


def test_words_that_only_look_alike_stay() -> None:
    assert (
        ALIASES.text("version 10.1.20-2 at 12:30:45") == "version 10.1.20-2 at 12:30:45"
    )
    assert ALIASES.text("notexample.computer") == "notexample.computer"


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_the_kind_of_an_address_survives(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    alias = ipaddress.ip_address(ALIASES.address(str(address), None))
    assert alias.version == address.version
    assert alias.is_loopback == address.is_loopback
    assert alias.is_unspecified == address.is_unspecified
    assert alias.is_multicast == address.is_multicast
    if address.version == 4:
        for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"):
            inside = ipaddress.ip_network(network)
            assert (alias in inside) == (address in inside)


@given(st.ip_addresses(v=4), st.integers(8, 32))
def test_what_lies_in_a_network_still_does(
    address: ipaddress.IPv4Address, length: int
) -> None:
    network = ipaddress.ip_network((address, length), strict=False)
    alias = f"{ALIASES.address(str(network.network_address), length)}/{length}"
    inside = ipaddress.ip_network(alias)
    assert ipaddress.ip_address(ALIASES.address(str(address), None)) in inside


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert ALIASES.text(text) == ALIASES.text(text)


def test_no_name_of_the_site_is_left_in_evidence() -> None:
    servers = "dn: cn=mail.example.com,cn=servers,cn=zimbra\ncn: mail.example.com\n"
    hidden = base64.b64encode("für bob@example.com".encode()).decode()
    domains = (
        "dn: dc=example,dc=com\ndc: example\nzimbraDomainName: example.com\n"
        f"description:: {hidden}\n"
    )
    pem = "-----BEGIN CERTIFICATE-----\nZXhhbXBsZS5jb20=\n"
    evidence = Evidence(
        "2026-11-21",
        {
            "mail.example.com": {
                "log": Answer("oip=198.51.100.7; bob@example.com"),
                "greeting": Answer("25 250-mail.example.com"),
                "certificates": Answer(pem),
            },
            DIRECTORY: {
                "ldap-servers": Answer(servers),
                "ldap-domains": Answer(domains),
            },
        },
    )
    aliased = pseudonymise(evidence, b"key")
    found = str(aliased)
    assert hidden not in found
    assert "ZXhhbXBsZS5jb20" not in found
    (host,) = aliased.hosts
    greeting = aliased.answer(host, "greeting")
    assert isinstance(greeting, Answer)
    assert greeting.text == f"25 250-{host}"
    for word in ("example", "198.51.100.7", "bob"):
        assert word not in found
    assert "cn=servers,cn=zimbra" in found
