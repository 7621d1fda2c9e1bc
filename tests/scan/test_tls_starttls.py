"""How a look at TLS goes over to TLS in other protocols."""

import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from tests.scan.tls_servers import (
    Authority,
    Listed,
    authority,
    modern,
    serving,
    shown,
    states,
)
from zmward.scan.line import Broken
from zmward.scan.tls_starttls import Unwilling, begin

PROTOCOLS = ("smtp", "lmtp", "imap", "pop3", "ldap", "xmpp")
_TAKEN = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"
_FEATURES = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client'><stream:features>"
    b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
)
# What is heard, and what is said to it; first the greeting.
DIALOGUES: dict[str, tuple[tuple[bytes, bytes], ...]] = {
    "smtp": (
        (rb"", b"220-mail.example.test\r\n220 ESMTP\r\n"),
        (rb"EHLO zmward-scan\.invalid\r\n", b"250-mail\r\n250-STARTTLS\r\n250 DSN\r\n"),
        (rb"STARTTLS\r\n", b"220 2.0.0 Ready\r\n"),
    ),
    "lmtp": (
        (rb"", b"220 mail LMTP\r\n"),
        (rb"LHLO zmward-scan\.invalid\r\n", b"250-mail\r\n250 STARTTLS\r\n"),
        (rb"STARTTLS\r\n", b"220 Ready\r\n"),
    ),
    "imap": (
        (rb"", b"* OK IMAP4rev1\r\n"),
        (rb"z1 STARTTLS\r\n", b"* a word besides\r\nz1 OK begin\r\n"),
    ),
    "pop3": ((rb"", b"+OK hello\r\n"), (rb"STLS\r\n", b"+OK begin\r\n")),
    "ldap": ((rb"0.*1\.3\.6\.1\.4\.1\.1466\.20037", _TAKEN),),
    "xmpp": (
        (rb".*to='mail\.example\.test'>", _FEATURES),
        (rb"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", b"<proceed/>"),
    ),
}
REFUSALS: dict[str, tuple[bytes, str]] = {
    "smtp": (b"220 x\r\n250-x\r\n250 DSN\r\n", "does not offer"),
    "lmtp": (b"220 x\r\n250-STARTTLS\r\n250 X\r\n454 not now\r\n", "454 not now"),
    "imap": (b"* OK x\r\nz1 BAD unknown\r\n", "z1 BAD unknown"),
    "pop3": (b"+OK x\r\n-ERR no such thing\r\n", "-ERR no such thing"),
    "ldap": (_TAKEN.replace(b"\x0a\x01\x00", b"\x0a\x01\x34"), "result 52"),
    "xmpp": (b"<stream:features></stream:features>", "does not offer"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    found = authority(tmp_path_factory.mktemp("tls"))
    found.sign("rsa", rsa.generate_private_key(65537, 2048))
    return found


def _server(protocol: str, context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    def talk(wire: socket.socket) -> None:
        for wanted, said in DIALOGUES[protocol]:
            heard = b""
            while wanted and not re.fullmatch(wanted, heard, re.DOTALL):
                more = wire.recv(4096)
                if not more:
                    return
                heard += more
            wire.sendall(said)
        with suppress(ssl.SSLError):
            context.wrap_socket(wire, server_side=True).close()

    return talk


@pytest.mark.parametrize("protocol", PROTOCOLS)
class TestEveryProtocol:
    def test_tls_begins_after_its_words(self, place: Authority, protocol: str) -> None:
        with serving(_server(protocol, modern(place))) as port:
            found = shown(port, protocol)
        assert found.starttls == protocol
        assert states(found)["TLS 1.2"] == "accepted"
        assert states(found)["TLS 1.3"] == "accepted"
        assert states(found)["TLS 1.0"] == "refused"
        assert found.chains
        assert found.unwilling == ""

    def test_a_no_is_told_in_the_servers_words(self, protocol: str) -> None:
        said, words = REFUSALS[protocol]
        with pytest.raises(Unwilling, match=words):
            begin(Listed(said), protocol, "mail.example.test")

    def test_a_no_is_no_refusal_of_a_protocol(self, protocol: str) -> None:
        said, words = REFUSALS[protocol]

        def talk(wire: socket.socket) -> None:
            wire.sendall(said)
            while wire.recv(4096):
                pass

        with serving(talk) as port:
            found = shown(port, protocol)
        assert set(states(found).values()) == {"unknown"}
        assert words in found.unwilling
        assert found.trouble

    @given(noise=st.binary(max_size=200))
    def test_noise_is_broken_and_nothing_else(
        self, protocol: str, noise: bytes
    ) -> None:
        for before in (b"", REFUSALS[protocol][0][:9]):
            with suppress(Broken):
                begin(Listed(before + noise), protocol, "mail.example.test")

    def test_a_reply_without_end_is_left(self, protocol: str) -> None:
        endless = {
            "smtp": b"220-x\r\n",
            "lmtp": b"220-x\r\n",
            "imap": b"* OK x\r\n",
            "ldap": b"\x30\x84\x7f\xff\xff\xff",
            "xmpp": b"<stream:features>",
            "pop3": b"x" * 4000,
        }
        with pytest.raises(Broken):
            begin(Listed(endless[protocol] * 30_000), protocol, "mail.example.test")


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("smtp", b"SSH-2.0-x\r\n"),
        ("imap", b"220 x\r\n"),
        ("pop3", b"* OK\r\n"),
        ("ldap", b"\x04\x01x"),
        ("ldap", b"\x30\x80"),
        ("ldap", b"\x30\x81\x04\x02\x01\x01\x61"),
    ],
)
def test_another_protocol_is_told_from_a_no(protocol: str, said: bytes) -> None:
    with pytest.raises(Broken) as caught:
        begin(Listed(said), protocol, "mail.example.test")
    assert not isinstance(caught.value, Unwilling)


@pytest.mark.parametrize(
    ("protocol", "said", "words"),
    [
        ("smtp", b"554 go away\r\n", "554 go away"),
        ("smtp", b"220 x\r\n502 what\r\n", "502 what"),
        ("smtp", b"554 go\x1b[2J\xe2\x80\xa8away\r\n", r"^554 go\?\[2J\?away$"),
        ("imap", b"* BYE too many\r\n", "BYE"),
        ("pop3", b"-ERR busy\r\n", "-ERR busy"),
        ("xmpp", _FEATURES + b"<failure/>", "does not go over"),
        ("xmpp", b"</stream:stream>", "does not offer"),
    ],
)
def test_other_ways_to_say_no(protocol: str, said: bytes, words: str) -> None:
    with pytest.raises(Unwilling, match=words):
        begin(Listed(said), protocol, "mail.example.test")


def test_the_hosts_name_is_no_markup() -> None:
    line = Listed(b"</stream:stream>")
    with suppress(Broken):
        begin(line, "xmpp", "a' b='<x>")
    assert b"<x>" not in line.sent
    assert b"' b='" not in line.sent


def test_who_has_had_enough_later_is_no_refusal(place: Authority) -> None:
    """A server that lets few in speaks to the first ones only."""
    left = [_server("smtp", modern(place))] * 3

    def talk(wire: socket.socket) -> None:
        if left:
            left.pop()(wire)
        else:
            wire.sendall(b"421 too many connections\r\n")

    with serving(talk) as port:
        found = shown(port, "smtp")
    assert states(found)["TLS 1.3"] == "accepted"
    assert states(found)["TLS 1.0"] == "unknown"
    assert "421" in found.spoken("TLS 1.0").words
    assert found.unwilling == ""
