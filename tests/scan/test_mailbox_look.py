"""IMAP and POP3 are asked for a password's way in, and never told one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scan.mail_server import (
    ASK,
    Answer,
    Hasty,
    Server,
    certificate,
    served,
    words,
)
from tests.scan.spoken import Spoken
from zmward.scan import mailbox
from zmward.scan.seen import Seen, decode, encode

NGINX = b"* OK IMAP4 ready\r\n"
ZIMBRA = b"* OK mail.example.test Zimbra IMAP4rev1 server ready\r\n"
POP3 = b"+OK POP3 ready\r\n"
REFUSED = b"{tag} NO cleartext logins disabled\r\n"


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "both.pem"
    path.write_bytes(certificate())
    return path


def imap(words: str, authenticate: bytes = REFUSED) -> dict[bytes, Answer]:
    """Return what the mailbox server or nginx says."""
    return {
        b"CAPABILITY": f"* CAPABILITY IMAP4rev1 {words}\r\n".encode()
        + b"{tag} OK CAPABILITY completed\r\n",
        b"ID": b'* ID ("NAME" "Zimbra")\r\n{tag} OK ID completed\r\n',
        b"AUTHENTICATE": authenticate,
        b"*": b"z3 BAD invalid command\r\n",
        b"STARTTLS": b"{tag} OK begin TLS negotiation now\r\n",
        b"NOOP": b"{tag} OK NOOP completed\r\n",
        b"LOGOUT": b"* BYE\r\n{tag} OK LOGOUT completed\r\n",
        b"": b"{tag} BAD parse error\r\n",
    }


def pop3(lines: str, user: bytes) -> dict[bytes, Answer]:
    """Return what the mailbox server or nginx says; lines are CAPA's."""
    told = "".join(f"{line}\r\n" for line in lines.split(","))
    return {
        b"CAPA": f"+OK Capability list follows\r\n{told}.\r\n".encode(),
        b"USER": user,
        b"STLS": b"+OK Begin TLS negotiation\r\n",
        b"NOOP": b"+OK\r\n",
        b"QUIT": b"+OK\r\n",
        b"": b"-ERR invalid command\r\n",
    }


def look(server: Server, *, seconds: float = 2.0) -> mailbox.MailboxShown:
    with served(server) as port:
        return mailbox.look(Hasty(seconds), port, ASK, tls=server.tls)


class TestImap:
    def test_disabled_logins_are_refused(self, pem: Path) -> None:
        answers = imap("STARTTLS LOGINDISABLED")
        server = Server(ZIMBRA, answers, inside=imap("AUTH=PLAIN"), pem=pem)
        shown = look(server)
        assert shown.taken == "no"
        assert "AUTH=PLAIN" in (shown.secure or ())
        assert shown.injected is False
        assert shown.trouble == ""

    def test_who_asks_for_the_rest_takes_the_password(self) -> None:
        server = Server(NGINX, imap("AUTH=PLAIN STARTTLS", b"+ \r\n"))
        shown = look(server)
        assert shown.taken == "yes"
        assert b"*" in server.heard

    def test_a_promise_that_is_broken_counts_as_broken(self) -> None:
        shown = look(Server(NGINX, imap("LOGINDISABLED", b"+ \r\n")))
        assert shown.taken == "yes"

    def test_login_is_taken_where_it_is_not_disabled(self) -> None:
        shown = look(Server(NGINX, imap("STARTTLS")))
        assert shown.taken == "yes"
        assert "LOGINDISABLED" in shown.answer

    def test_without_capabilities_a_refusal_proves_little(self) -> None:
        answers = {**imap(""), b"CAPABILITY": b"{tag} BAD no\r\n"}
        assert look(Server(NGINX, answers)).taken == "unknown"

    def test_a_version_is_told_by_the_identity(self) -> None:
        told = b'* ID ("NAME" "\x1b[2J" "VERSION" "10.1.4_GA")\r\n{tag} OK done\r\n'
        shown = look(Server(ZIMBRA, {**imap("LOGINDISABLED"), b"ID": told}))
        assert "10.1.4_GA" in shown.identity
        assert "\x1b" not in words(shown)

    def test_inside_tls_nobody_is_asked_for_clear_logins(self, pem: Path) -> None:
        inside = imap("AUTH=PLAIN")
        server = Server(NGINX, {}, inside=inside, pem=pem, tls=True)
        shown = look(server)
        assert (shown.taken, shown.clear) == ("unknown", None)
        assert shown.secure is not None
        assert not any(b"AUTHENTICATE" in line for line in server.heard)

    def test_a_kept_command_is_told(self, pem: Path) -> None:
        server = Server(NGINX, imap("STARTTLS LOGINDISABLED"), pem=pem, keeps=True)
        assert look(server).injected is True


class TestPop3:
    def test_a_refused_name_is_good(self, pem: Path) -> None:
        user = b"-ERR only valid after entering TLS mode\r\n"
        inside = pop3("USER,SASL PLAIN", b"+OK\r\n")
        server = Server(POP3, pop3("TOP,STLS", user), inside=inside, pem=pem)
        shown = look(server)
        assert shown.taken == "no"
        assert "SASL PLAIN" in (shown.secure or ())
        assert shown.injected is False

    def test_a_taken_name_is_bad(self) -> None:
        shown = look(Server(POP3, pop3("TOP,USER", b"+OK\r\n")))
        assert shown.taken == "yes"

    @pytest.mark.parametrize(
        ("lines", "said", "taken"),
        [
            # What mailboxd says with zimbraPop3CleartextLoginEnabled FALSE.
            ("TOP,USER,SASL", "only valid after entering TLS mode", "no"),
            ("USER", "[AUTH] Plaintext authentication disallowed here", "no"),
            ("TOP,UIDL,STLS", "invalid command", "no"),
            ("EXPIRE 31 USER,STLS", "invalid command", "no"),
            ("USER,TOP", "invalid command", "unknown"),
            ("USER,TOP", "[SYS/TEMP] too many connections, try later", "unknown"),
            ("TOP,STLS", "[SYS/TEMP] TLS required", "unknown"),
            ("TOP,STLS", "[IN-USE] no", "unknown"),
            ("TOP,STLS", "[LOGIN-DELAY] no", "unknown"),
            ("TOP,STLS", "Temporarily unavailable", "unknown"),
            ("SASL PLAIN", "[SYS/TEMP] no", "yes"),
        ],
    )
    def test_a_refusal_for_now_is_none(self, lines: str, said: str, taken: str) -> None:
        shown = look(Server(POP3, pop3(lines, f"-ERR {said}\r\n".encode())))
        assert shown.taken == taken
        assert (said in shown.trouble) is (taken == "unknown")

    def test_who_greets_otherwise_the_second_time_is_not_known(self) -> None:
        greetings = iter([POP3, b"-ERR too many connections\r\n"])
        said = pop3("TOP,STLS", b"-ERR no\r\n")
        shown = look(Server(greetings, said))
        assert shown.taken == "unknown"
        assert "did not greet" in shown.trouble

    def test_mechanisms_for_passwords_are_bad(self) -> None:
        shown = look(Server(POP3, pop3("SASL PLAIN LOGIN", b"-ERR no\r\n")))
        assert shown.taken == "yes"
        assert "SASL" in shown.answer

    def test_without_capabilities_a_refusal_proves_little(self) -> None:
        answers = {**pop3("", b"-ERR no\r\n"), b"CAPA": b"-ERR what\r\n"}
        assert look(Server(POP3, answers)).taken == "unknown"

    def test_a_kept_command_is_told(self, pem: Path) -> None:
        answers = pop3("TOP,STLS", b"-ERR no\r\n")
        assert look(Server(POP3, answers, pem=pem, keeps=True)).injected is True


@pytest.mark.parametrize("second", [b"-ERR no\r\n", b""])
def test_a_refused_second_start_is_not_known(pem: Path, second: bytes) -> None:
    starts = iter([b"+OK go\r\n", second])
    answers = pop3("TOP,STLS", b"-ERR no\r\n")
    answers[b"STLS"] = lambda _: next(starts)
    server = Server(POP3, answers, inside=pop3("USER", b"+OK\r\n"), pem=pem)
    shown = look(server, seconds=0.5)
    assert shown.secure is not None
    assert shown.injected is None


def test_pop3_inside_tls_is_asked_inside(pem: Path) -> None:
    inside = pop3("USER", b"+OK\r\n")
    shown = look(Server(POP3, {}, inside=inside, pem=pem, tls=True))
    assert (shown.secure, shown.taken) == (("USER",), "unknown")


def test_no_password_is_ever_sent() -> None:
    servers = (
        Server(NGINX, imap("AUTH=PLAIN", b"+ \r\n")),
        Server(POP3, pop3("USER,SASL PLAIN", b"+OK\r\n")),
    )
    for server in servers:
        look(server)
        said = b" ".join(server.heard)
        assert b"PASS " not in said
        assert b"LOGIN " not in said


HOSTILE = {
    "many lines": b"* OK hello\r\n" * 10_000,
    "one long line": b"* OK " + b"x" * 100_000,
    "binary": b"\x00\xff\xfe\x1b[2J\r\n",
    "silence": b"",
    "half a line": b"* OK",
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("command", [b"CAPABILITY", b"AUTHENTICATE", b"STARTTLS"])
def test_hostile_imap_ends_in_trouble(command: bytes, answer: bytes) -> None:
    answers = {**imap("STARTTLS LOGINDISABLED"), command: answer}
    shown = look(Server(NGINX, answers), seconds=0.3)
    assert shown.trouble
    assert "\x1b" not in words(shown)


@pytest.mark.parametrize("answer", [*HOSTILE.values(), b"+OK\r\n" + b"x\r\n" * 10_000])
@pytest.mark.parametrize("command", [b"CAPA", b"USER", b"STLS"])
def test_hostile_pop3_ends_in_trouble(command: bytes, answer: bytes) -> None:
    answers = {**pop3("TOP,STLS", b"-ERR no\r\n"), command: answer}
    shown = look(Server(POP3, answers), seconds=0.3)
    assert shown.trouble or command == b"USER"
    assert "\x1b" not in words(shown)


@pytest.mark.parametrize("greeting", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_greetings_take_no_password(greeting: bytes) -> None:
    shown = look(Server(greeting, imap("")), seconds=0.3)
    assert shown.trouble
    assert shown.taken == "unknown"


LINES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"* OK IMAP4 ready",
            b"+OK POP3 ready",
            b"* CAPABILITY X",
            b"z1 OK",
            b"+ ",
            b".",
        ]
    ),
)


@given(lines=st.lists(LINES, max_size=60), tls=st.booleans())
def test_whatever_is_said_comes_to_an_observation(
    *, lines: list[bytes], tls: bool
) -> None:
    shown = mailbox.look(Spoken(lines), 143, ASK, tls=tls)
    seen = Seen("mail.example.test", "2026-11-21T12:00:00+00:00", "0", shown=(shown,))
    assert decode(encode(seen)) == seen
