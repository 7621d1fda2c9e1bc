"""What a directory shows without a password: real slapd, and servers that lie."""

import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.scan import daemons
from tests.scan.speakers import (
    ASK,
    Speak,
    answers,
    certificate,
    dripping,
    endless,
    hasty,
    network,
    says,
    speaking,
)
from zmward.controls.registry import controls
from zmward.outlook import Outlook
from zmward.profile import Profile
from zmward.scan.ber import number, wrapped
from zmward.scan.ldap import LdapShown, look
from zmward.scan.seen import Seen

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def judged(name: str, shown: LdapShown) -> list[str]:
    outside = controls()[name].outside
    assert outside
    seen = Seen("mail", NOW.isoformat(), "0", shown=(shown,))
    return [
        one.state.value for one in outside.look(seen, Outlook(Profile(), NOW, "mail"))
    ]


def asked(port: int) -> LdapShown:
    return look(network(), port, ASK, tls=False)


def entry(count: int) -> bytes:
    name = wrapped(4, f"uid=u{count},dc=test".encode())
    return wrapped(0x30, number(1), wrapped(0x64, name, wrapped(0x30)))


class TestRealDirectory:
    def test_an_open_book_is_read_by_three_names_only(self, tmp_path: Path) -> None:
        with daemons.slapd(tmp_path, "access to * by * read", people=40) as port:
            shown = asked(port)
        (book, *_) = shown.readings
        assert book.names == (
            "dc=example,dc=test",
            "ou=people,dc=example,dc=test",
            "uid=u0,ou=people,dc=example,dc=test",
        )
        assert (shown.product, shown.trouble) == ("OpenLDAP", "")
        assert (shown.demands_tls, shown.starts_tls) == ("no", "no")
        assert judged("ldap-anonymous-reads-nothing", shown) == ["bad"]
        assert judged("ldap-demands-tls", shown) == ["bad"]

    def test_a_closed_book_is_sound(self, tmp_path: Path) -> None:
        rule = "access to * by anonymous auth by users read"
        with daemons.slapd(tmp_path, rule, people=3) as port:
            shown = asked(port)
        assert judged("ldap-anonymous-reads-nothing", shown) == ["ok"]

    def test_an_open_branch_of_a_closed_tree_is_found(self, tmp_path: Path) -> None:
        rules = (
            'access to dn.subtree="ou=people,dc=example,dc=test" by * read',
            "access to * by * none",
        )
        with daemons.slapd(tmp_path, *rules, people=3) as port:
            shown = asked(port)
        assert [r.base for r in shown.readings if r.names] == [
            "ou=people,dc=example,dc=test"
        ]
        assert judged("ldap-anonymous-reads-nothing", shown) == ["bad"]

    def test_rules_that_hide_even_the_names_are_sound(self, tmp_path: Path) -> None:
        with daemons.slapd(tmp_path, "access to * by * none", people=3) as port:
            shown = asked(port)
        assert {reading.code for reading in shown.readings} == {32}
        assert judged("ldap-anonymous-reads-nothing", shown) == ["ok"]

    def test_who_must_log_in_first_is_told_so(self, tmp_path: Path) -> None:
        options = "require authc\ndisallow bind_anon"
        with daemons.slapd(tmp_path, options=options, people=3) as port:
            shown = asked(port)
        assert shown.contexts == ()
        assert judged("ldap-anonymous-reads-nothing", shown) == ["ok"]
        assert judged("ldap-demands-tls", shown) == ["unknown"]

    def test_what_is_shown_inside_tls_counts(self, tmp_path: Path) -> None:
        certificate(tmp_path)
        options = (
            f"TLSCertificateFile {tmp_path}/chain.pem\n"
            f"TLSCertificateKeyFile {tmp_path}/key.pem\nsecurity ssf=128"
        )
        rule = "access to * by * read"
        with daemons.slapd(tmp_path, rule, options=options, people=3) as port:
            shown = asked(port)
        assert (shown.demands_tls, shown.starts_tls) == ("yes", "yes")
        assert {r.tls for r in shown.readings if r.names} == {True}
        assert judged("ldap-demands-tls", shown) == ["ok"]
        assert judged("ldap-anonymous-reads-nothing", shown) == ["bad"]


def ten_thousand(wire: socket.socket) -> None:
    while wire.recv(4096):
        wire.sendall(b"".join(entry(n) for n in range(10_000)))


HOSTILE = [
    ten_thousand,
    endless(b"0" * 4096),
    endless(entry(1)),
    dripping(entry(1)),
    says(b"\x30\x84\xff\xff\xff\xff"),
    says(b"\x30\x80\x00\x00"),
    says(b"\x30\xff" + b"\xff" * 200),
    answers(b"\x30\x05\x02\x01\x01\x64\x7f"),
    answers(b"\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04"),
    answers(b"220 mail ESMTP\r\n"),
    answers(b""),
    answers(wrapped(0x30, wrapped(0x30, wrapped(0x30) * 2000) * 20)),
]


@pytest.mark.parametrize("speak", HOSTILE, ids=[str(n) for n in range(len(HOSTILE))])
def test_a_liar_is_trouble_and_never_sound(speak: Speak) -> None:
    with speaking(speak) as port:
        begun = time.monotonic()
        shown = look(hasty(), port, ASK, tls=False)
    assert time.monotonic() - begun < 4
    assert shown.trouble
    assert judged("ldap-anonymous-reads-nothing", shown) == ["unknown"]
    assert judged("ldap-demands-tls", shown) == ["unknown"]


def _root_answer(identity: int, attributes: dict[bytes, bytes]) -> bytes:
    rows = (
        wrapped(0x30, wrapped(4, name), wrapped(0x31, wrapped(4, value)))
        for name, value in attributes.items()
    )
    content = wrapped(0x64, wrapped(4, b"uid=\x1b[2J"), wrapped(0x30, *rows))
    done = wrapped(0x65, wrapped(0x0A, b"\0"), wrapped(4, b""), wrapped(4, b""))
    return b"".join(wrapped(0x30, number(identity), one) for one in (content, done))


def test_texts_of_the_server_are_shown_without_control_characters() -> None:
    held = "dc=a\u2028b".encode()
    asked_for: list[bytes] = []

    def speak(wire: socket.socket) -> None:
        while heard := wire.recv(4096):
            asked_for.append(heard)
            root = {
                b"namingContexts": held,
                b"vendorName": b"x\x1b]0;y",
                b"vendorVersion": "1\u2029".encode(),
                b"supportedSASLMechanisms": b"GSS\x85API",
            }
            wire.sendall(_root_answer(heard[4], root))

    with speaking(speak) as port:
        shown = asked(port)
    assert shown.contexts == ("dc=a?b",)
    assert (shown.product, shown.version) == ("x?]0;y", "1?")
    assert shown.readings[0].base == "dc=a?b"
    assert shown.readings[0].names == ("uid=?[2J",)
    assert any(held in heard for heard in asked_for)
    assert judged("ldap-anonymous-reads-nothing", shown) == ["bad"]


@pytest.mark.parametrize(
    ("speak", "words"),
    [
        (ten_thousand, "more than 64 entries"),
        (says(b"\x30\x84\x00\x03\x00\x00"), "announced an answer of 196608 bytes"),
        (answers(wrapped(0x30, number(9), wrapped(0x65))), "not asked"),
    ],
)
def test_what_is_wrong_is_said(speak: Speak, words: str) -> None:
    with speaking(speak) as port:
        assert words in asked(port).trouble
