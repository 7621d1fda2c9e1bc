"""What mail clients, proxies and scanners see of IMAP, POP3 and LMTP."""

import base64
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from lab.zimbra.mailboxd.tls import Keystore
from tests.standins import mailboxd_twin as twin
from tests.standins.memory import directory

Start = Callable[..., AbstractContextManager[twin.Running]]


@pytest.fixture
def start(tmp_path: Path, keystore: Keystore) -> Start:
    @contextmanager
    def starting(**config: list[str]) -> Iterator[twin.Running]:
        with twin.running(directory(**config), {}, tmp_path, keystore) as running:
            yield running

    return starting


class Client:
    """A client of a line protocol."""

    def __init__(self, server: twin.Running, role: str) -> None:
        link = socket.create_connection(("127.0.0.1", server.ports[role]), timeout=10)
        if twin.ROLES[role][1]:
            link = twin.blind().wrap_socket(link)
        self._use(link)

    def _use(self, link: socket.socket) -> None:
        self._link = link
        self._file = link.makefile("rwb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._link.close()

    def line(self) -> str:
        return self._file.readline().decode().rstrip("\r\n")

    def say(self, text: str) -> str:
        self._file.write(text.encode() + b"\r\n")
        self._file.flush()
        return self.line()

    def until(self, text: str, end: str) -> list[str]:
        lines = [self.say(text)]
        while not re.match(end, lines[-1]):
            lines.append(self.line())
        return lines

    def start_tls(self, early: str = "") -> None:
        if early:
            self._link.send(early.encode())
        self._use(twin.blind().wrap_socket(self._link))


class TestImap:
    def test_the_banner_has_no_version(self, start: Start) -> None:
        with start() as server, Client(server, "imap") as client:
            banner = client.line()
        assert banner == "* OK mail.example.test Zimbra IMAP4rev1 server ready"

    def test_the_banner_tells_it_when_asked_to(self, start: Start) -> None:
        exposed = start(zimbraImapExposeVersionOnBanner=["TRUE"])
        with exposed as server, Client(server, "imap") as client:
            assert "Zimbra 10.1.3_GA_4655 IMAP4rev1" in client.line()

    def test_login_is_refused_before_tls(self, start: Start) -> None:
        with start() as server, Client(server, "imap") as client:
            client.line()
            offered = client.until("a CAPABILITY", "a ")[0]
            assert "LOGINDISABLED" in offered
            assert "STARTTLS" in offered
            reply = client.say("b LOGIN user1@example.test user-secret")
            assert reply == "b NO cleartext logins disabled"
            assert client.say("c AUTHENTICATE PLAIN").startswith("c NO")

    def test_login_works_after_starttls(self, start: Start) -> None:
        with start() as server, Client(server, "imap") as client:
            client.line()
            assert client.say("a STARTTLS").startswith("a OK")
            client.start_tls()
            offered = client.until("b CAPABILITY", "b ")[0]
            assert "LOGINDISABLED" not in offered
            assert "STARTTLS" not in offered
            reply = client.say('c LOGIN user1@example.test "user-secret"')
            assert reply.startswith("c OK")
            assert client.until("d SELECT INBOX", "d ")[-1].startswith("d OK")
            log = server.log("mailbox.log")
        text = "imap - user user1@example.test authenticated, mechanism=LOGIN [TLS]"
        assert text in log

    def test_cleartext_login_can_be_allowed(self, start: Start) -> None:
        allowed = start(zimbraImapCleartextLoginEnabled=["TRUE"])
        with allowed as server, Client(server, "imap") as client:
            client.line()
            assert "AUTH=PLAIN" in client.until("a CAPABILITY", "a ")[0]
            reply = client.say("b LOGIN user1@example.test user-secret")
            assert reply.startswith("b OK")

    def test_a_literal_is_read(self, start: Start) -> None:
        with start() as server, Client(server, "imaps") as client:
            client.line()
            assert client.say("a LOGIN {18}").startswith("+ ")
            assert client.say("user1@example.test user-secret").startswith("a OK")

    def test_anybody_may_announce_an_origin(self, start: Start) -> None:
        with start() as server, Client(server, "imaps") as client:
            client.line()
            fields = '"X-ORIGINATING-IP" "198.51.100.7" "X-VIA" "192.0.2.10(nginx/1.2)"'
            client.until(f"a ID ({fields})", "a ")
            client.say("b LOGIN user1@example.test wrong")
            audit, mailbox = server.log("audit.log"), server.log("mailbox.log")
        context = (
            r"\[ip=127.0.0.1;oip=198.51.100.7;via=192.0.2.10\(nginx/1.2\);cid=\d+;\]"
        )
        reason = r"authentication failed for \[user1@example.test\], invalid password;"
        assert re.search(
            rf"WARN  \[ImapSSLServer-\d+\] {context} security - cmd=Auth; "
            rf"account=user1@example.test; protocol=imap; error={reason}",
            audit,
        )
        text = (
            "imap - authentication failed for [user1@example.test] (invalid password)"
        )
        assert text in mailbox

    @pytest.mark.parametrize("name", ["zimbraImapEnabled", "zimbraPrefImapEnabled"])
    def test_a_disabled_protocol_is_not_in_audit_log(
        self, start: Start, name: str
    ) -> None:
        with start() as server:
            account = server.store.get("account", "name", "user1@example.test")
            server.store.modify(account, [(name, "FALSE")])
            with Client(server, "imaps") as client:
                client.line()
                reply = client.say("a LOGIN user1@example.test user-secret")
            assert reply == "a NO LOGIN failed"
            assert server.log("audit.log") == ""
            text = "Authentication failed - imap not enabled for user1@example.test"
            assert f"account - {text}" in server.log("mailbox.log")

    def test_an_unknown_user_is_in_mailbox_log(self, start: Start) -> None:
        with start() as server, Client(server, "imaps") as client:
            client.line()
            client.say("a LOGIN nobody@example.test x")
            text = "authentication failed for nobody@example.test (no such account)"
            assert f"account - {text}" in server.log("mailbox.log")

    def test_commands_sent_before_the_handshake_are_dropped(self, start: Start) -> None:
        with start() as server, Client(server, "imap") as client:
            client.line()
            client._file.write(b"a STARTTLS\r\nb NOOP\r\n")
            client._file.flush()
            assert client.line().startswith("a OK")
            client.start_tls()
            assert client.say("c NOOP") == "c OK NOOP completed"

    def test_it_says_goodbye(self, start: Start) -> None:
        with start() as server, Client(server, "imap") as client:
            client.line()
            assert client.until("a LOGOUT", "a ")[0].startswith("* BYE")
            assert client.line() == ""


class TestPop3:
    def test_user_is_refused_before_tls(self, start: Start) -> None:
        with start() as server, Client(server, "pop3") as client:
            banner = client.line()
            assert banner == "+OK mail.example.test Zimbra POP3 server ready"
            assert "STLS" in client.until("CAPA", r"\.$")
            assert client.say("USER user1@example.test").startswith("-ERR")
            assert client.say("AUTH PLAIN").startswith("-ERR")

    def test_login_works_after_stls(self, start: Start) -> None:
        with start() as server, Client(server, "pop3") as client:
            client.line()
            assert client.say("STLS").startswith("+OK")
            client.start_tls()
            assert client.say("XOIP 198.51.100.7").startswith("+OK")
            assert client.say("USER user1@example.test").startswith("+OK")
            assert client.say("PASS wrong").startswith("-ERR")
            plain = base64.b64encode(b"\0user1@example.test\0user-secret").decode()
            assert client.say(f"AUTH PLAIN {plain}").startswith("+OK")
            assert client.say("STAT") == "+OK 0 0"
            assert client.say("QUIT").startswith("+OK")
            log = server.log("audit.log")
        assert re.search(
            r"\[Pop3Server-\d+\] \[ip=127.0.0.1;oip=198.51.100.7;cid=\d+;\] security - "
            r"cmd=Auth; account=user1@example.test; protocol=pop3; error=",
            log,
        )


class TestLmtp:
    def test_mail_for_an_account_becomes_a_file(self, start: Start) -> None:
        with start() as server, Client(server, "lmtp") as client:
            assert client.line() == "220 mail.example.test Zimbra LMTP server ready"
            offered = client.until("LHLO outside.test", "250 ")
            assert "250-STARTTLS" in offered
            client.say("MAIL FROM:<a@outside.test>")
            assert client.say("RCPT TO:<nobody@example.test>").startswith("550 5.1.1")
            assert client.say("RCPT TO:<u@example.test>").startswith("250")
            assert client.say("DATA").startswith("354")
            assert client.say("Subject: x\r\n\r\n..dot\r\n.").startswith("250")
            assert client.say("QUIT").startswith("221")
            found = list(server.places.mail.rglob("*.msg"))
        assert len(found) == 1
        assert found[0].read_bytes() == b"Subject: x\r\n\r\n.dot\r\n"

    @pytest.mark.parametrize(
        ("status", "code"),
        [("active", "250"), ("locked", "250"), ("maintenance", "450"), ("closed", "5")],
    )
    def test_the_status_of_the_account_decides(
        self, start: Start, status: str, code: str
    ) -> None:
        with start() as server:
            account = server.store.get("account", "name", "user1@example.test")
            server.store.modify(account, [("zimbraAccountStatus", status)])
            with Client(server, "lmtp") as client:
                client.line()
                client.say("MAIL FROM:<>")
                reply = client.say("RCPT TO:<user1@example.test>")
        assert reply.startswith(code)
