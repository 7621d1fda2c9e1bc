"""A port is told by what it says: each service alone, in TLS, and hostile ones."""

import socket
import threading
import time
from pathlib import Path

import pytest

from tests.scan import daemons
from tests.scan.speakers import (
    ASK,
    Speak,
    answers,
    dripping,
    endless,
    hasty,
    network,
    says,
    speaking,
)
from zmward.scan.greetings import greeted
from zmward.scan.named import Named
from zmward.scan.recognise import hoped, recognise

MARIADB = b"\x5a\0\0\0\x0a5.5.5-10.4.13-MariaDB-log\0\x01\0\0\0abcdefgh\0"
REFUSED = b"\x45\0\0\0\xffj\x04Host '192.0.2.1' is not allowed to connect to this "

GREETED = [
    (b"220 mail.example.test ESMTP Postfix\r\n", Named("smtp", "Postfix")),
    (
        b"220 mail.example.test ESMTP Postfix (3.6.14)\r\n",
        Named("smtp", "Postfix", "3.6.14"),
    ),
    (b"220-mail.example.test ESMTP Postfix\r\n", Named("smtp", "Postfix postscreen")),
    (b"554 mail.example.test ESMTP not accepting messages\r\n", Named("smtp")),
    (b"220 mail.example.test Zimbra LMTP server ready\r\n", Named("lmtp", "Zimbra")),
    (
        b"220 [127.0.0.1] ESMTP amavisd-new service ready\r\n",
        Named("smtp", "amavisd"),
    ),
    (b"* OK IMAP4 ready\r\n", Named("imap", "nginx")),
    (
        b"* OK m.example.test Zimbra 10.1.3_GA_4655 IMAP4rev1 server ready\r\n",
        Named("imap", "Zimbra", "10.1.3_GA_4655"),
    ),
    (b"* BYE too many\r\n", Named("imap")),
    (b"+OK POP3 ready\r\n", Named("pop3", "nginx")),
    (b"+OK m.example.test Zimbra POP3 server ready\r\n", Named("pop3", "Zimbra")),
    (
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
        Named("ssh", "OpenSSH", "9.2p1 Debian-2+deb12u3"),
    ),
    (b"SSH-2.0-dropbear\r\n", Named("ssh", "dropbear")),
    (MARIADB, Named("mysql", "MariaDB", "10.4.13-MariaDB-log")),
    (REFUSED + b"MariaDB server", Named("mysql", "MariaDB")),
]
HTTP = b"HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nContent-Length: 0\r\n\r\n"
MILTER = b"\0\0\0\x0dO\0\0\0\x02\0\0\0\0\0\0\0\0"
VERSION_ANSWER = (
    b"\0\x34zw\x84\0\0\x01\0\x01\0\0\0\0\x07version\x04bind\0\0\x10\0\x03"
    b"\xc0\x0c\0\x10\0\x03\0\0\0\0\0\x0a\x09unbound 1"
)
ASKED = [
    (answers(HTTP, b"GET / "), Named("http", "nginx", "1.24.0")),
    (
        answers(b"VERSION 1.4.37\r\n", b"version"),
        Named("memcached", "memcached", "1.4.37"),
    ),
    (
        answers(b"VERSION 1\xff\x1b[2J\r\n", b"version"),
        Named("memcached", "memcached", "1\ufffd?[2J"),
    ),
    (
        answers(b"ClamAV 1.0.6/27459/Tue\0", b"zVERSION"),
        Named("clamd", "ClamAV", "1.0.6"),
    ),
    (
        answers(b"ClamAV 1\xff\0", b"zVERSION"),
        Named("clamd", "ClamAV", "1\ufffd"),
    ),
    (answers(b"SUCCESS ACTIVE", b"STATUS"), Named("zmconfigd", "zmconfigd")),
    (answers(b"<?xml version='1.0'?><stream:stream id='1'>", b"<?xml"), Named("xmpp")),
    (answers(MILTER, b"\0\0\0\x0dO"), Named("milter")),
    (answers(b"action=DUNNO\n\n", b"request="), Named("policyd")),
    (answers(VERSION_ANSWER, b"\0\x1ezw"), Named("dns", "unbound", "1")),
]


@pytest.mark.parametrize(("words", "named"), GREETED)
def test_a_greeting_tells_the_service(words: bytes, named: Named) -> None:
    assert greeted(words) == named
    with speaking(says(words)) as port:
        found, shown = recognise(network(), port, ASK)
    assert found == named
    assert shown


@pytest.mark.parametrize(
    ("speak", "named"), ASKED, ids=lambda v: getattr(v, "service", "")
)
def test_the_silent_tell_when_asked(speak: Speak, named: Named) -> None:
    with speaking(speak) as port:
        assert recognise(hasty(), port, ASK) == (named, "")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (b"* OK IMAP4 ready\r\n", Named("imap", "nginx", tls=True)),
        (
            b"220 mail.example.test ESMTP Postfix\r\n",
            Named("smtp", "Postfix", tls=True),
        ),
        (b"hello\r\n", Named("tls", tls=True)),
    ],
)
def test_the_same_inside_tls(words: bytes, named: Named) -> None:
    with speaking(says(words), tls=True) as port:
        assert recognise(network(), port, ASK)[0] == named


def test_web_pages_inside_tls() -> None:
    with speaking(answers(HTTP, b"GET / "), tls=True) as port:
        found, _ = recognise(network(), port, ASK)
    assert found == Named("http", "nginx", "1.24.0", tls=True)


def test_mail_that_hides_its_kind_is_told_from_ftp() -> None:
    def mail(wire: socket.socket) -> None:
        wire.sendall(b"220 welcome\r\n")
        if wire.recv(99).startswith(b"EHLO zmward-scan.invalid"):
            wire.sendall(b"250-mail\r\n250 SIZE\r\n")
            wire.recv(99)

    def files(wire: socket.socket) -> None:
        wire.sendall(b"220 welcome\r\n")
        wire.recv(99)
        wire.sendall(b"500 what?\r\n")
        wire.recv(99)

    for speak, service in ((mail, "smtp"), (files, "")):
        with speaking(speak) as port:
            assert recognise(network(), port, ASK)[0].service == service


def test_a_version_is_asked_of_whom_a_wrong_question_betrays() -> None:
    def cache(wire: socket.socket) -> None:
        asked = wire.recv(4096)
        wire.sendall(b"VERSION 1.6.18\r\n" if asked == b"version\r\n" else b"ERROR\r\n")
        wire.recv(4096)

    with speaking(cache) as port:
        found, _ = recognise(network(), port, ASK)
    assert found == Named("memcached", "memcached", "1.6.18")


@pytest.mark.parametrize(
    "speak",
    [
        endless(b"A" * 4096),
        endless(b"\0" * 4096),
        says(b"\x1b]0;owned\x07\x1b[2J\r\n"),
        says(b"\x16\x03\x01\x02\x00garbage" * 20),
        says(b"\xff\xff\xff\xff" * 9),
        lambda _wire: None,
    ],
    ids=["letters", "zeros", "escapes", "tls-garbage", "bytes", "closes"],
)
def test_nothing_is_made_up_of_noise(speak: Speak) -> None:
    with speaking(speak) as port:
        begun = time.monotonic()
        found, shown = recognise(hasty(), port, ASK)
    assert time.monotonic() - begun < 5
    assert found == Named("")
    assert "\x1b" not in shown
    assert len(shown) <= 200


def test_one_byte_at_a_time_ends_in_time() -> None:
    with speaking(dripping(b"hello ")) as port:
        begun = time.monotonic()
        found, _ = recognise(hasty(), port, ASK)
    assert time.monotonic() - begun < 5
    assert found.service == ""


def forget(_said: bool) -> None:  # noqa: FBT001  # what wait returns
    """Turn a waiting into something that a server may say: nothing."""


def test_silence_costs_a_bounded_time() -> None:
    leave = threading.Event()
    with speaking(lambda _wire: forget(leave.wait(30))) as port:
        begun = time.monotonic()
        found, _ = recognise(network(), port, ASK)
        leave.set()
    assert time.monotonic() - begun < 12
    assert found == Named("")


def test_the_number_only_orders_the_questions() -> None:
    for port in (25, 443, 389, 11211, 7171, 50_000):
        assert set(hoped(port)) == set(hoped(1))
    assert hoped(11211)[0] == "memcached"
    assert hoped(443)[0] == "tls"
    assert hoped(25)[0] == "greeting"


def test_a_real_cache() -> None:
    with daemons.memcached() as port:
        found, _ = recognise(network(), port, ASK)
    assert (found.service, found.product) == ("memcached", "memcached")
    assert found.version.startswith("1.")


def test_a_real_shell_server(tmp_path: Path) -> None:
    with daemons.sshd(tmp_path) as port:
        found, shown = recognise(network(), port, ASK)
    assert (found.service, found.product) == ("ssh", "OpenSSH")
    assert shown.startswith("SSH-2.0-OpenSSH")


def test_a_real_directory(tmp_path: Path) -> None:
    with daemons.slapd(tmp_path) as port:
        assert recognise(network(), port, ASK)[0] == Named("ldap", "OpenLDAP")


def test_a_real_directory_that_takes_no_strangers(tmp_path: Path) -> None:
    with daemons.slapd(tmp_path, options="require authc\ndisallow bind_anon") as port:
        assert recognise(network(), port, ASK)[0].service == "ldap"
