"""Where the mailbox server listens and which TLS it speaks there."""

import socket
import ssl

import pytest
from lab.zimbra.mailboxd.listeners import Listener, listeners
from lab.zimbra.mailboxd.origin import first_external, jetty_address
from lab.zimbra.mailboxd.server import bound
from lab.zimbra.mailboxd.tls import Keystore, server_context

PORTS = {
    "zimbraMailPort": ["8080"],
    "zimbraMailSSLPort": ["8443"],
    "zimbraAdminPort": ["7071"],
    "zimbraImapBindPort": ["7143"],
}


@pytest.mark.parametrize(
    ("mode", "ports"),
    [
        ("http", [8080]),
        ("https", [8443]),
        ("both", [8080, 8443]),
        ("mixed", [8080, 8443]),
        ("redirect", [8080, 8443]),
    ],
)
def test_the_mail_mode_opens_web_ports(mode: str, ports: list[int]) -> None:
    found = listeners({**PORTS, "zimbraMailMode": [mode]})
    assert [listener.port for listener in found[:-2]] == ports


def test_a_switch_closes_its_port() -> None:
    values = {**PORTS, "zimbraImapServerEnabled": ["FALSE"]}
    assert 7143 not in {listener.port for listener in listeners(values)}


def test_a_bound_admin_address_keeps_loopback() -> None:
    values = {**PORTS, "zimbraAdminBindAddress": ["192.0.2.10"]}
    assert [one.address for one in listeners(values) if one.role == "admin"] == [
        "192.0.2.10",
        "127.0.0.1",
    ]


@pytest.mark.parametrize(
    ("only_ipv4", "family"), [(True, socket.AF_INET), (False, socket.AF_INET6)]
)
def test_no_address_means_both_families_unless_java_prefers_ipv4(
    only_ipv4: bool,  # noqa: FBT001
    family: socket.AddressFamily,
) -> None:
    with bound(Listener("imap", 0), only_ipv4=only_ipv4) as place:
        assert place.family == family


@pytest.mark.parametrize(
    ("names", "lowest", "highest"),
    [
        (["TLSv1.2"], ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
        (["TLSv1.3", "TLSv1.2"], ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3),
        (
            ["SSLv2Hello", "TLSv1", "TLSv1.2"],
            ssl.TLSVersion.TLSv1,
            ssl.TLSVersion.TLSv1_2,
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_protocols_are_those_of_the_attribute(
    keystore: Keystore,
    names: list[str],
    lowest: ssl.TLSVersion,
    highest: ssl.TLSVersion,
) -> None:
    context = server_context({"zimbraMailboxdSSLProtocols": names}, keystore)
    assert context.minimum_version == lowest
    assert context.maximum_version == highest


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::5", "[2001:db8:0:0:0:0:0:5]"),
        ("::1", "[0:0:0:0:0:0:0:1]"),
    ],
)
def test_addresses_are_written_as_jetty_does(address: str, shown: str) -> None:
    assert jetty_address(address) == shown


@pytest.mark.parametrize(
    ("addresses", "judged"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("10.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_the_left_most_external_address_is_judged(addresses: str, judged: str) -> None:
    assert first_external(addresses) == judged
