"""One message goes where it was told to, and comes out of the mailbox again."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.scan.mail_server import ASK, Answer, Hasty, Server, certificate, served
from tests.scan.test_login import IN, OUT, PROBE, SECRET, imap, port, smtp
from zmward.scan.login import LoginShown
from zmward.scan.login_account import Tries
from zmward.scan.login_sent import SMTP, WEB, Letter, Probe, collected, judged, send
from zmward.scan.named import Service

LETTER = Letter("probe@example.test", "abcdef123456", "Sat, 21 Nov 2026 12:00:00 +0000")
HEAD = (
    b"Received: from x (unknown [198.51.100.7])\r\n by mail (Postfix)\r\n"
    b"Message-ID: <1@x>\r\nSubject: Test, abcdef123456\r\n\r\n"
)
TOKEN = b'{"Body":{"AuthResponse":{"authToken":[{"_content":"0_tok"}]}}}'
SENT = b'{"Body":{"SendMsgResponse":{"m":[{"id":"1"}]}}}'
FAULT = b'{"Body":{"Fault":{"Detail":{"Error":{"Code":"account.AUTH_FAILED"}}}}}'


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "both.pem"
    path.write_bytes(certificate())
    return path


def http(pem: Path, auth: bytes = TOKEN, sent: bytes = SENT) -> Server:
    """Answer by what the body asks for; the last line has no end, so it is awaited."""

    def answered(content: bytes, status: int = 200) -> bytes:
        size = len(content)
        return b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n" % (status, size) + content

    class Web(Server):
        def _speak(self, wire: object) -> None:
            wire = self._secured(wire)  # type: ignore[arg-type]
            heard = b""
            while b"\r\n\r\n" not in heard:
                heard += wire.recv(65536)
            size = int(re.search(rb"Content-Length: (\d+)", heard)[1])  # type: ignore[index]
            while len(heard.partition(b"\r\n\r\n")[2]) < size:
                heard += wire.recv(65536)
            self.heard.append(heard)
            if b"AuthRequest" in heard:
                wire.sendall(answered(auth, 500 if auth == FAULT else 200))
            elif b"SendMsgRequest" in heard:
                wire.sendall(answered(sent))
            else:
                wire.sendall(answered(b'{"Body":{}}'))

    return Web(b"", {}, pem=pem, tls=True)


@contextmanager
def ways(**servers: Server) -> Iterator[list[object]]:
    names: dict[str, Service] = {"web": "http", "users": "smtp", "others": "smtp"}
    found: list[object] = []
    if not servers:
        yield found
        return
    name, server = next(iter(servers.items()))
    rest = {key: value for key, value in servers.items() if key != name}
    with served(server) as number, ways(**rest) as others:
        yield [port(number, names[name], server), *others]


def go(letter: Letter = LETTER, **servers: Server) -> LoginShown:
    with ways(**servers) as ports:
        probe = Probe(Hasty(), ASK, PROBE, Tries())
        shown = send(probe, ports, letter)  # type: ignore[arg-type]
    assert SECRET not in repr(shown)
    return shown


def accepting(pem: Path) -> Server:
    server = smtp(pem, IN, b"250 Ok\r\n")
    answers: dict[bytes, Answer] = {
        b"DATA": b"354 End data\r\n",
        b".": b"250 2.0.0 Ok: queued\r\n",
        b"Date": b"",
        **server.inside,
    }
    answers[b""] = b""
    server.inside = answers
    return server


class TestSending:
    def test_the_web_interface_comes_first(self, pem: Path) -> None:
        web, users = http(pem), accepting(pem)
        shown = go(web=web, users=users)
        assert WEB in shown.tried
        assert users.connections == 0
        bodies = b"".join(web.heard)
        assert b'"noSave":"1"' in bodies
        assert b"EndSessionRequest" in bodies
        assert b"0_tok" in bodies

    def test_smtp_is_the_second_way(self, pem: Path) -> None:
        users = accepting(pem)
        shown = go(users=users)
        assert SMTP in shown.tried
        assert shown.answer.startswith("250")
        assert b"RCPT TO:<probe@example.test>" in users.heard
        assert not any(line.startswith(b"X-Mailer") for line in users.heard)

    def test_what_the_web_refuses_goes_over_smtp(self, pem: Path) -> None:
        users = accepting(pem)
        shown = go(web=http(pem, sent=FAULT), users=users)
        assert SMTP in shown.tried

    def test_a_refused_password_is_tried_nowhere_else(self, pem: Path) -> None:
        users = accepting(pem)
        shown = go(web=http(pem, auth=FAULT), users=users)
        assert "account.AUTH_FAILED" in shown.trouble
        assert users.connections == 0

    def test_what_may_be_sent_is_not_sent_twice(self, pem: Path) -> None:
        first, second = accepting(pem), accepting(pem)
        first.inside = {**first.inside, b".": b""}
        shown = go(users=first, others=second)
        assert "may be sent all the same" in shown.trouble
        assert second.connections == 0

    @pytest.mark.parametrize(
        "sent",
        [
            b"<html>502 Bad Gateway</html>",
            b'{"Body":{"Fault":{"Detail":{"Error":{"Code":"service.FAILURE"}}}}}',
            b'{"Body":{}}',
            b'{"Body":"\xff"}',
            b"[]",
        ],
    )
    def test_what_a_proxy_says_is_no_refusal(self, pem: Path, sent: bytes) -> None:
        users = accepting(pem)
        shown = go(web=http(pem, sent=sent), users=users)
        assert "may be sent all the same" in shown.trouble
        assert users.connections == 0

    @pytest.mark.parametrize("body", [b'{"Body":"\xff"}', b"[" * 5000, b"\xff\xfe"])
    def test_what_is_no_json_breaks_nothing(self, pem: Path, body: bytes) -> None:
        shown = go(web=http(pem, auth=body))
        assert "no JSON" in shown.trouble
        assert shown.ended == "unknown"

    def test_babble_after_the_message_is_no_refusal(self, pem: Path) -> None:
        first, second = accepting(pem), accepting(pem)
        first.inside = {**first.inside, b".": b"what?\r\n"}
        shown = go(users=first, others=second)
        assert "may be sent all the same" in shown.trouble
        assert second.connections == 0

    @pytest.mark.parametrize(
        "letter",
        [
            Letter("a@b.test>\r\nRCPT TO:<c@d.test", "abcdef123456", LETTER.date),
            Letter("a@b.test", "a\r\nb", LETTER.date),
            Letter("a@b.test", "abcdef123456", "x\r\nBcc: c@d.test"),
        ],
    )
    def test_line_ends_are_never_sent(self, pem: Path, letter: Letter) -> None:
        users = accepting(pem)
        assert go(letter, users=users).trouble
        assert users.connections == 0

    def test_a_refused_login_sends_nothing(self, pem: Path) -> None:
        users = smtp(pem, OUT)
        assert "refused the account" in go(users=users).trouble
        assert b"DATA" not in users.heard


class TestJudging:
    WEBBED = LoginShown("sent-headers", "192.0.2.10", 443, tried=f"a message by {WEB}")
    SMTPED = LoginShown("sent-headers", "192.0.2.10", 587, tried=f"a message by {SMTP}")

    @pytest.mark.parametrize("name", [b"X-Mailer", b"user-agent"])
    def test_software_that_names_itself_is_bad(self, name: bytes) -> None:
        raw = name + b": Zimbra 10.1.4_GA_4655 (x)\r\n" + HEAD
        assert judged(self.WEBBED, raw).ended == "bad"
        assert judged(self.SMTPED, raw).ended == "bad"

    def test_only_the_web_interface_proves_its_silence(self) -> None:
        assert judged(self.WEBBED, HEAD).ended == "good"
        shown = judged(self.SMTPED, HEAD)
        assert shown.ended == "unknown"
        assert any("198.51.100.7" in line for line in shown.headers)

    def test_a_body_is_no_header(self) -> None:
        raw = HEAD + b"X-Mailer: quoted in the text\r\n"
        assert judged(self.WEBBED, raw).ended == "good"

    @pytest.mark.parametrize("raw", [b"", b"\x00\xff", b"hello\r\n"])
    def test_what_is_no_header_proves_nothing(self, raw: bytes) -> None:
        assert judged(self.WEBBED, raw).ended == "unknown"


class TestCollecting:
    def collect(self, pem: Path, head: bytes, search: bytes) -> tuple[object, Server]:
        server = imap(pem, b"z2 OK in\r\n")
        literal = b"* 1 FETCH (UID 7 BODY[HEADER] {%d}\r\n" % len(head)
        server.inside = {
            **server.inside,
            b"SELECT": b"* 1 EXISTS\r\nz8 OK\r\n",
            b"UID SEARCH": search + b"z8 OK\r\n",
            b"UID FETCH": literal + head + b")\r\nz8 OK\r\n",
            b"UID STORE": b"z8 OK\r\n",
            b"UID EXPUNGE": b"z8 OK\r\n",
            b"": b"z2 OK in\r\n",
        }
        with served(server) as number:
            probe = Probe(Hasty(), ASK, PROBE, Tries())
            box = port(number, "imap", server)
            return collected(probe, box, TestJudging.WEBBED, LETTER), server

    def test_it_is_read_and_removed(self, pem: Path) -> None:
        shown, server = self.collect(pem, HEAD, b"* SEARCH 3 7\r\n")
        assert isinstance(shown, LoginShown)
        assert shown.ended == "good"
        assert b"z8 UID EXPUNGE 7" in server.heard

    def test_what_is_not_there_yet_is_nothing(self, pem: Path) -> None:
        shown, server = self.collect(pem, HEAD, b"* SEARCH\r\n")
        assert shown is None
        assert not any(b"STORE" in line for line in server.heard)

    def test_another_message_is_left_alone(self, pem: Path) -> None:
        head = HEAD.replace(b"abcdef123456", b"something")
        shown, server = self.collect(pem, head, b"* SEARCH 7\r\n")
        assert isinstance(shown, LoginShown)
        assert "another message" in shown.trouble
        assert not any(b"STORE" in line for line in server.heard)

    def test_an_announced_flood_is_refused(self, pem: Path) -> None:
        shown, _ = self.collect(pem, HEAD * 1000, b"* SEARCH 7\r\n")
        assert isinstance(shown, LoginShown)
        assert "announced" in shown.trouble
