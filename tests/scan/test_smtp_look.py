"""SMTP is asked in Postfix's own words, and believed in nothing that it did not say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

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
from zmward.controls.registry import controls
from zmward.deviation import State
from zmward.outlook import Outlook
from zmward.profile import Profile
from zmward.scan import smtp, smtp_relay
from zmward.scan.line import Ask
from zmward.scan.seen import Seen, decode, encode

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GREETING = b"220 mail.example.test ESMTP Postfix\r\n"
DENIED = b"554 5.7.1 <zmward-scan@example.net>: Relay access denied\r\n"
OK = b"250 2.1.5 Ok\r\n"


def ehlo(*words: str) -> bytes:
    lines = ("mail.example.test", *words)
    return b"".join(f"250-{word}\r\n".encode() for word in lines) + b"250 CHUNKING\r\n"


def postfix(rcpt: Answer = DENIED, *words: str) -> dict[bytes, Answer]:
    """Return what Postfix 3.7 says; the words are those of a real one."""
    return {
        b"EHLO": ehlo("PIPELINING", "SIZE 10240000", "VRFY", "ETRN", *words),
        b"MAIL": b"250 2.1.0 Ok\r\n",
        b"RCPT": rcpt,
        b"RSET": b"250 2.0.0 Ok\r\n",
        b"VRFY postmaster": b"252 2.0.0 postmaster@example.test\r\n",
        b"VRFY": b"550 5.1.1 <zmward-scan-nobody@example.test>: unknown\r\n",
        b"EXPN": b"500 5.5.2 Error: command not recognized\r\n",
        b"ETRN": b"459 <zmward-scan.invalid>: service unavailable\r\n",
        b"STARTTLS": b"220 2.0.0 Ready to start TLS\r\n",
        b"NOOP": b"250 2.0.0 Ok\r\n",
        b"QUIT": b"221 2.0.0 Bye\r\n",
        b"": b"500 5.5.2 Error: command not recognized\r\n",
    }


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "both.pem"
    path.write_bytes(certificate())
    return path


def look(server: Server, *, seconds: float = 2.0, ask: Ask = ASK) -> smtp.SmtpShown:
    with served(server) as port:
        return smtp.look(Hasty(seconds), port, ask, tls=server.tls)


def by_recipient(command: bytes) -> bytes:
    """Answer as Postfix does: strangers denied, unknown users unknown."""
    return b"550 5.1.1 unknown\r\n" if b"nobody" in command else DENIED


class TestRelaying:
    def test_a_closed_relay_refuses_every_form(self) -> None:
        server = Server(GREETING, postfix(by_recipient))
        shown = look(server)
        outcomes = {a.variant: a.outcome for a in shown.attempts}
        assert outcomes == dict.fromkeys(
            (
                *("plain", "no sender", "own sender", "nobody"),
                *("percent", "quoted", "route"),
            ),
            "refused",
        )
        assert shown.trouble == ""

    def test_nothing_is_ever_sent(self) -> None:
        server = Server(GREETING, postfix(OK))
        look(server)
        verbs = {line.split(b" ")[0] for line in server.heard}
        assert b"DATA" not in verbs
        assert not {b"BDAT", b"AUTH"} & verbs
        rcpts = [line for line in server.heard if line.startswith(b"RCPT")]
        resets = [line for line in server.heard if line == b"RSET"]
        assert len(resets) >= len(rcpts)

    def test_an_open_relay_is_told_by_each_form(self) -> None:
        shown = look(Server(GREETING, postfix(OK)))
        assert {a.outcome for a in shown.attempts} == {"accepted"}

    def test_only_what_is_reserved_is_written_to(self) -> None:
        server = Server(GREETING, postfix(OK))
        look(server)
        for line in server.heard:
            if line.startswith(b"RCPT"):
                assert b"example.net" in line or b"@example.test" in line

    def test_without_a_domain_the_plain_forms_are_asked(self) -> None:
        shown = look(Server(GREETING, postfix()), ask=Ask("192.0.2.10"))
        assert [a.variant for a in shown.attempts] == ["plain", "no sender"]

    def test_a_name_with_line_ends_is_no_domain(self) -> None:
        server = Server(GREETING, postfix())
        look(server, ask=Ask("192.0.2.10", ("a.test\r\nDATA", "a b", "<>")))
        assert b"DATA" not in server.heard

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            (b"450 4.2.0 Greylisted\r\n", "later"),
            (b"451 4.3.0 Temporary lookup failure\r\n", "later"),
            (b"554 5.7.1 Client host [198.51.100.7] blocked using x\r\n", "barred"),
            (b"550 5.7.1 Helo command rejected: Host not found\r\n", "barred"),
            (b"550 5.7.23 SPF says no\r\n", "barred"),
            (b"554 5.7.1 blocked by relays.example.test\r\n", "barred"),
            (b"550 relay not permitted, authentication required\r\n", "refused"),
            (b"550 5.7.54 SMTP; Unable to relay\r\n", "refused"),
            (b"251 User not local; will forward\r\n", "accepted"),
        ],
    )
    def test_reasons_are_told_apart(self, answer: bytes, outcome: str) -> None:
        shown = look(Server(GREETING, postfix(answer)))
        assert shown.attempts[0].outcome == outcome

    def test_a_refused_sender_is_no_refused_relay(self) -> None:
        answers = {**postfix(), b"MAIL": b"550 5.1.8 Sender address rejected\r\n"}
        shown = look(Server(GREETING, answers))
        assert {a.outcome for a in shown.attempts} == {"barred"}

    def test_tls_is_begun_where_it_is_demanded(self, pem: Path) -> None:
        answers = {
            **postfix(DENIED, "STARTTLS"),
            b"MAIL": b"530 5.7.0 Must issue a STARTTLS command first\r\n",
        }
        server = Server(GREETING, answers, inside=postfix(), pem=pem)
        assert look(server).attempts[0].outcome == "refused"


class TestSubmission:
    LOCKED = b"554 5.7.1 <c[198.51.100.7]>: Client host rejected: Access denied\r\n"

    @pytest.mark.parametrize("port", [465, 587])
    def test_users_own_mail_is_asked_for_too(self, port: int) -> None:
        server = Server(GREETING, postfix(self.LOCKED))
        with served(server) as real:
            shown = smtp.look(Hasty(at=real), port, ASK, tls=False)
        assert [a.variant for a in shown.attempts] == ["plain", "local"]
        assert shown.answers == {}

    def test_without_a_domain_strangers_are_asked_about(self) -> None:
        server = Server(GREETING, postfix(self.LOCKED))
        with served(server) as real:
            shown = smtp.look(Hasty(at=real), 587, Ask("192.0.2.10"), tls=False)
        assert [a.variant for a in shown.attempts] == ["plain"]

    def test_tls_that_is_refused_is_no_refusal_of_mail(self) -> None:
        answers = {
            **postfix(DENIED, "STARTTLS"),
            b"MAIL": b"530 5.7.0 Must issue a STARTTLS command first\r\n",
            b"STARTTLS": b"454 4.7.0 TLS not available due to local problem\r\n",
        }
        with served(Server(GREETING, answers)) as real:
            shown = smtp.look(Hasty(at=real), 587, ASK, tls=False)
        outside = controls()["submission-for-users-only"].outside
        assert outside
        seen = Seen("mail", NOW.isoformat(), "0", shown=(shown,))
        (found,) = outside.look(seen, Outlook(Profile(), NOW, "mail"))
        assert found.state is State.UNKNOWN


class TestPostscreen:
    def test_it_is_asked_again_once_it_knows_the_looker(self) -> None:
        answers = postfix(
            lambda _: (
                b"450 4.3.2 Service currently unavailable\r\n"
                if server.connections == 1
                else DENIED
            )
        )
        server = Server(GREETING.replace(b"220 ", b"220-") + GREETING, answers)
        shown = look(server)
        assert shown.attempts[0].outcome == "refused"
        assert not shown.screened

    def test_who_is_never_let_through_saw_postscreen_only(self) -> None:
        late = b"450 4.3.2 Service currently unavailable\r\n"
        shown = look(Server(GREETING, postfix(late)))
        assert shown.screened
        assert [a.outcome for a in shown.attempts] == ["later"]


class TestStarttls:
    def test_what_is_offered_inside_is_told(self, pem: Path) -> None:
        inside = postfix(DENIED, "AUTH PLAIN LOGIN")
        answers = postfix(DENIED, "STARTTLS")
        shown = look(Server(GREETING, answers, inside=inside, pem=pem))
        assert "STARTTLS" in (shown.clear or ())
        assert "AUTH PLAIN LOGIN" in (shown.secure or ())
        assert shown.injected is False

    def test_a_kept_command_is_told(self, pem: Path) -> None:
        answers = postfix(DENIED, "STARTTLS")
        shown = look(Server(GREETING, answers, pem=pem, keeps=True))
        assert shown.injected is True
        assert any("NOOP" in e.sent for e in shown.exchanges)
        assert any(e.sent.startswith("QUIT") for e in shown.exchanges)

    def test_a_port_inside_tls_is_asked_inside(self, pem: Path) -> None:
        inside = postfix(DENIED, "AUTH PLAIN")
        shown = look(Server(GREETING, {}, inside=inside, pem=pem, tls=True))
        assert shown.clear is None
        assert "AUTH PLAIN" in (shown.secure or ())

    @pytest.mark.parametrize(
        "second", [b"454 4.7.0 TLS not available\r\n", b"554 5.5.0 pipelining\r\n"]
    )
    def test_a_refused_second_start_is_not_known(
        self, pem: Path, second: bytes
    ) -> None:
        starts = iter([b"220 go\r\n", second])
        answers = postfix(DENIED, "STARTTLS")
        answers[b"STARTTLS"] = lambda _: next(starts)
        shown = look(Server(GREETING, answers, inside=postfix(), pem=pem))
        assert shown.secure is not None
        assert shown.injected is None

    def test_a_broken_second_start_is_not_known(self, pem: Path) -> None:
        starts = iter([b"220 go\r\n", b"junk\r\n"])
        answers = postfix(DENIED, "STARTTLS")
        answers[b"STARTTLS"] = lambda _: next(starts)
        shown = look(Server(GREETING, answers, inside=postfix(), pem=pem), seconds=0.5)
        assert shown.injected is None
        assert "command behind it" in shown.trouble

    def test_an_odd_farewell_is_not_known(self, pem: Path) -> None:
        inside = {**postfix(), b"QUIT": b"421 4.3.0 odd\r\n"}
        answers = postfix(DENIED, "STARTTLS")
        shown = look(Server(GREETING, answers, inside=inside, pem=pem))
        assert shown.injected is None

    @pytest.mark.parametrize(
        "answer", [b"454 4.7.0 TLS not available\r\n", b"220 go\r\n\x16garbage"]
    )
    def test_no_tls_after_starttls_is_not_known(self, answer: bytes) -> None:
        answers = {**postfix(DENIED, "STARTTLS"), b"STARTTLS": answer}
        shown = look(Server(GREETING, answers))
        assert shown.clear is not None
        assert shown.secure is None
        assert shown.injected is None


def test_a_disabled_question_is_asked_once() -> None:
    answers = {**postfix(), b"VRFY postmaster": b"502 5.5.1 VRFY disabled\r\n"}
    server = Server(GREETING, answers)
    assert "VRFY nobody" not in look(server).answers


def test_lmtp_is_greeted_in_its_own_way() -> None:
    lmtp = {b"LHLO": ehlo("8BITMIME"), b"QUIT": b"221 bye\r\n", b"": b"500 no\r\n"}
    server = Server(b"220 m.example.test Zimbra LMTP server ready\r\n", lmtp)
    shown = look(server)
    assert shown.lmtp
    assert shown.clear == ("8BITMIME", "CHUNKING")
    assert not any(line.startswith((b"RCPT", b"VRFY")) for line in server.heard)


HOSTILE = {
    "endless greeting": b"220-hello\r\n" * 10_000,
    "one long line": b"220 " + b"x" * 100_000,
    "binary": b"\x00\xff\xfe\x1b[2J\r\n",
    "no code": b"hello\r\n",
    "an odd code": b"999 hello\r\n",
    "silence": b"",
    "half a line": b"220 mail",
}


@pytest.mark.parametrize("greeting", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_greetings_end_in_trouble(greeting: bytes) -> None:
    shown = look(Server(greeting, postfix()), seconds=0.3)
    assert shown.trouble
    assert shown.clear is None
    assert not shown.attempts


def test_an_endless_reply_is_cut_off() -> None:
    shown = look(Server(HOSTILE["endless greeting"], postfix()))
    assert "more than 64 lines" in shown.trouble


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("command", [b"EHLO", b"MAIL", b"RCPT", b"RSET", b"VRFY"])
def test_hostile_answers_end_in_trouble(command: bytes, answer: bytes) -> None:
    answers = {command: answer, **postfix()}
    answers[command] = answer
    shown = look(Server(GREETING, answers), seconds=0.3)
    assert shown.trouble
    assert not [a for a in shown.attempts if a.outcome == "accepted"]
    assert "\x1b" not in words(shown)


def test_no_escape_code_is_kept() -> None:
    answers = {**postfix(b"250 \x1b[2J\x9b\r\n"), b"VRFY": b"252 \x1b]0;x\x07\r\n"}
    shown = look(Server(b"220 m \x1b[31m ESMTP\r\n", answers))
    assert shown.attempts[0].outcome == "accepted"
    assert not set("\x1b\x07\x9b") & set(words(shown))


def test_a_port_that_nobody_serves_is_trouble() -> None:
    with served(Server(b"", {})) as port:
        pass
    shown = smtp.look(Hasty(), port, ASK, tls=False)
    assert shown.trouble.endswith("nobody took the connection")


LINES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"220 mail ESMTP", b"250-STARTTLS", b"250 AUTH PLAIN", b"554 no", b"221 bye"]
    ),
)


@given(lines=st.lists(LINES, max_size=60), tls=st.booleans())
def test_whatever_is_said_comes_to_an_observation(
    *, lines: list[bytes], tls: bool
) -> None:
    shown = smtp.look(Spoken(lines), 25, ASK, tls=tls)
    seen = Seen("mail.example.test", "2026-11-21T12:00:00+00:00", "0", shown=(shown,))
    assert decode(encode(seen)) == seen
    assert len(shown.banner) <= 200


def test_a_domain_that_takes_every_name_proves_no_relaying() -> None:
    attempts = look(Server(GREETING, postfix(OK))).attempts
    proving = {a.variant for a in attempts if smtp_relay.proves(attempts, a)}
    assert proving == {"plain", "no sender", "own sender", "route"}
    refused = tuple(
        replace(a, outcome="refused") if a.variant == "nobody" else a for a in attempts
    )
    proving = {a.variant for a in refused if smtp_relay.proves(refused, a)}
    assert proving == {"plain", "no sender", "own sender", "percent", "quoted", "route"}
