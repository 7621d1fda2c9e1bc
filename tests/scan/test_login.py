"""A probe account proves what it is let do; its password stays where it is."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.scan.mail_server import ASK, Answer, Hasty, Server, certificate, served
from zmward.scan import login, login_origin
from zmward.scan.login import Guards, LoginShown, Wishes
from zmward.scan.login_account import Account
from zmward.scan.named import Service
from zmward.scan.seen import PortSeen, Seen, encode

SECRET = "s3 cr#t-wörd"
PROBE = Account("probe@example.test", SECRET)
CALM = Guards(0, 10, 5)
IN = b"235 2.7.0 Authentication successful\r\n"
OUT = b"535 5.7.8 Error: authentication failed: authentication failure\r\n"
NOT_OWNED = b"553 5.7.1 Sender address rejected: not owned by user probe\r\n"
IMAP = b"* OK IMAP4 ready\r\n"


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "both.pem"
    path.write_bytes(certificate())
    return path


def by_name(granted: bytes, refused: bytes) -> Callable[[bytes], bytes]:
    """Grant the probe account alone."""

    def answer(command: bytes) -> bytes:
        given = base64.b64decode(command.split(b" ")[-1])
        return granted if given == base64.b64decode(PROBE.plain()) else refused

    return answer


def smtp(pem: Path, auth: Answer, rcpt: bytes = NOT_OWNED) -> Server:
    inside: dict[bytes, Answer] = {
        b"EHLO": b"250-mail\r\n250 AUTH PLAIN LOGIN\r\n",
        b"AUTH": auth,
        b"MAIL": b"250 2.1.0 Ok\r\n",
        b"RCPT": rcpt,
        b"RSET": b"250 Ok\r\n",
        b"QUIT": b"221 Bye\r\n",
        b"": b"500 no\r\n",
    }
    return Server(b"220 m ESMTP Postfix\r\n", inside, pem=pem, tls=True)


def mx() -> Server:
    answers: dict[bytes, Answer] = {
        b"EHLO": b"250 mail\r\n",
        b"MAIL": b"250 Ok\r\n",
        b"RCPT TO:<alias": b"250 Ok\r\n",
        b"RCPT": b"550 5.1.1 User unknown\r\n",
        b"RSET": b"250 Ok\r\n",
        b"QUIT": b"221 Bye\r\n",
        b"": b"500 no\r\n",
    }
    return Server(b"220 m ESMTP Postfix\r\n", answers)


def imap(pem: Path, last: bytes) -> Server:
    inside: dict[bytes, Answer] = {
        b"AUTHENTICATE": b"+ \r\n",
        b"LOGOUT": b"* BYE\r\n{tag} OK\r\n",
        b"": last,
    }
    return Server(IMAP, inside, pem=pem, tls=True)


def pop3(pem: Path, last: bytes) -> Server:
    inside: dict[bytes, Answer] = {b"USER": b"+OK\r\n", b"PASS": last, b"": b"-ERR\r\n"}
    return Server(b"+OK POP3 ready\r\n", inside, pem=pem, tls=True)


def port(number: int, service: Service, server: Server) -> PortSeen:
    address = "127.0.0.1"
    return PortSeen(number, "tcp", address, "open", service, tls=server.tls)


def prove(
    wishes: Wishes,
    guards: Guards = CALM,
    account: Account = PROBE,
    *,
    anyway: bool = False,
    **servers: Server,
) -> dict[str, LoginShown]:
    """Let the proofs run against servers by service; `mx` is port 25."""
    found: tuple[LoginShown, ...] = ()
    with served(servers.get("smtp", mx())) as users, served(mx()) as other:
        ports = [port(other, "smtp", mx())]
        if "smtp" in servers:
            ports.append(port(users, "smtp", servers["smtp"]))
        with (
            served(servers.get("imap", mx())) as first,
            served(servers.get("pop3", mx())) as second,
        ):
            if "imap" in servers:
                ports.append(port(first, "imap", servers["imap"]))
            if "pop3" in servers:
                ports.append(port(second, "pop3", servers["pop3"]))
            found = login.proofs(
                Hasty(),
                ports,
                ASK,
                account,
                wishes,
                guards=guards,
                now=lambda: "2026-11-21T12:00:00+00:00",
                source="198.51.100.7",
                anyway=anyway,
            )
    text = encode(Seen("m", "2026-11-21T12:00:00+00:00", "0", shown=found))
    for word in (SECRET, PROBE.plain().decode()):
        assert word not in text
        assert word not in repr(found)
    return {shown.proof: shown for shown in found}


class TestProofs:
    def test_all_is_refused_that_should_be(self, pem: Path) -> None:
        wishes = Wishes(disabled=("imap",), alias="alias@example.test")
        found = prove(
            wishes,
            smtp=smtp(pem, by_name(IN, OUT)),
            imap=imap(pem, b"z2 NO LOGIN failed\r\n"),
        )
        ended = {proof: shown.ended for proof, shown in found.items()}
        assert ended == {
            "origin-in-log": "unknown",
            "spoofed-sender": "good",
            "login-by-alias": "good",
            "imap-disabled": "good",
        }
        assert found["origin-in-log"].source == "198.51.100.7"

    def test_all_is_let_that_should_not(self, pem: Path) -> None:
        wishes = Wishes(disabled=("imap", "pop3"), alias="alias@example.test")
        server = smtp(pem, IN, b"250 Ok\r\n")
        found = prove(
            wishes,
            smtp=server,
            imap=imap(pem, b"z2 OK done\r\n"),
            pop3=pop3(pem, b"+OK server ready\r\n"),
        )
        bad = {proof for proof, shown in found.items() if shown.ended == "bad"}
        assert bad == {
            *("spoofed-sender", "login-by-alias"),
            *("imap-disabled", "pop3-disabled"),
        }
        assert b"DATA" not in server.heard

    def test_a_third_failure_is_not_risked(self, pem: Path) -> None:
        last = pop3(pem, b"-ERR no\r\n")
        found = prove(
            Wishes(disabled=("imap", "pop3"), alias="alias@example.test"),
            smtp=smtp(pem, by_name(IN, OUT)),
            imap=imap(pem, b"z2 NO LOGIN failed\r\n"),
            pop3=last,
        )
        assert found["pop3-disabled"].ended == "unknown"
        assert "not risked" in found["pop3-disabled"].trouble
        assert last.connections == 0

    def test_a_wrong_password_is_tried_once(self, pem: Path) -> None:
        box = imap(pem, b"z2 NO LOGIN failed\r\n")
        wishes = Wishes(disabled=("imap",), alias="alias@example.test")
        found = prove(wishes, smtp=smtp(pem, OUT), imap=box)
        assert {shown.ended for shown in found.values()} == {"unknown"}
        assert box.connections == 0

    def test_a_password_without_an_answer_counts_as_failed(self, pem: Path) -> None:
        box = imap(pem, b"z2 OK in\r\n")
        found = prove(Wishes(), smtp=smtp(pem, b"junk\r\n"), imap=box)
        assert {shown.ended for shown in found.values()} == {"unknown"}
        assert box.connections == 0

    @pytest.mark.parametrize(
        "answer",
        [
            b"z2 NO [UNAVAILABLE] Temporary failure\r\n",
            b"z2 NO internal server error\r\n",
            b"z2 BAD invalid command\r\n",
            b"+ again\r\n",
        ],
    )
    def test_what_is_put_off_is_not_refused(self, pem: Path, answer: bytes) -> None:
        found = prove(
            Wishes(disabled=("imap",)),
            smtp=smtp(pem, IN),
            imap=imap(pem, answer),
        )
        assert found["imap-disabled"].ended == "unknown"

    def test_an_alias_that_nobody_knows_proves_nothing(self, pem: Path) -> None:
        found = prove(
            Wishes(alias="mistyped@example.test"),
            smtp=smtp(pem, by_name(IN, OUT)),
        )
        assert found["login-by-alias"].ended == "unknown"
        assert "exists" in found["login-by-alias"].trouble

    @pytest.mark.parametrize(
        ("answer", "ended"),
        [
            (b"450 4.1.8 Sender address rejected: Domain not found\r\n", "unknown"),
            (b"550 5.7.27 Sender address rejected: nullMX\r\n", "unknown"),
            (b"554 5.7.1 Sender address rejected: Access denied\r\n", "good"),
            (NOT_OWNED, "good"),
        ],
    )
    def test_only_the_owner_counts_for_spoofing(
        self, pem: Path, answer: bytes, ended: str
    ) -> None:
        found = prove(Wishes(), smtp=smtp(pem, IN, answer))
        assert found["spoofed-sender"].ended == ended

    def test_a_server_that_repeats_the_password_is_not_repeated(
        self, pem: Path
    ) -> None:
        echo = b"535 no: " + PROBE.plain() + b" " + SECRET.encode() + b"\r\n"
        prove(Wishes(), smtp=smtp(pem, echo))

    def test_no_password_leaves_without_tls(self) -> None:
        server = Server(
            b"220 m ESMTP\r\n",
            {b"EHLO": b"250-mail\r\n250 AUTH PLAIN\r\n", b"": b"500 no\r\n"},
        )
        found = prove(Wishes(), smtp=server)
        assert "no password" in found["spoofed-sender"].trouble
        assert not any(line.startswith(b"AUTH") for line in server.heard)


class TestWays:
    def test_tls_is_begun_before_any_password(self, pem: Path) -> None:
        users = smtp(pem, IN)
        users.tls = False
        users.answers = {
            b"EHLO": b"250-m\r\n250 STARTTLS\r\n",
            b"STARTTLS": b"220 go\r\n",
            b"": b"500 no\r\n",
        }
        box = imap(pem, b"z2 OK in\r\n")
        box.tls = False
        box.answers = {b"STARTTLS": b"{tag} OK go\r\n", b"": b"z1 BAD no\r\n"}
        post = pop3(pem, b"+OK in\r\n")
        post.tls = False
        post.answers = {
            b"CAPA": b"+OK\r\nSTLS\r\n.\r\n",
            b"STLS": b"+OK\r\n",
            b"": b"-ERR\r\n",
        }
        wishes = Wishes(disabled=("imap", "pop3"))
        found = prove(wishes, smtp=users, imap=box, pop3=post)
        assert found["spoofed-sender"].ended == "good"
        assert found["imap-disabled"].ended == "bad"
        assert found["pop3-disabled"].ended == "bad"

    def test_without_tls_the_password_stays(self, pem: Path) -> None:
        box = Server(IMAP, {b"": b"{tag} BAD no\r\n"})
        post = Server(b"+OK POP3\r\n", {b"": b"-ERR no\r\n"})
        wishes = Wishes(disabled=("imap", "pop3"))
        found = prove(wishes, smtp=smtp(pem, IN), imap=box, pop3=post)
        assert "no password" in found["imap-disabled"].trouble
        assert "no password" in found["pop3-disabled"].trouble
        heard = b" ".join((*box.heard, *post.heard))
        assert b"PASS" not in heard
        assert b"AUTHENTICATE" not in heard

    def test_a_port_without_logins_is_passed_by(self, pem: Path) -> None:
        users = smtp(pem, IN)
        users.inside = {**users.inside, b"EHLO": b"250-m\r\n250 SIZE\r\n"}
        found = prove(Wishes(), smtp=users, imap=imap(pem, b"z2 OK in\r\n"))
        assert found["origin-in-log"].ended == "unknown"
        assert "takes no mail" in found["spoofed-sender"].trouble

    def test_a_name_that_is_refused_at_once_was_told_no_password(
        self, pem: Path
    ) -> None:
        post = pop3(pem, b"+OK\r\n")
        post.inside = {b"": b"-ERR no such mailbox\r\n"}
        found = prove(Wishes(disabled=("pop3",)), smtp=smtp(pem, IN), pop3=post)
        assert found["pop3-disabled"].ended == "unknown"

    def test_what_is_not_seen_is_not_tried(self, pem: Path) -> None:
        wishes = Wishes(disabled=("imap",), alias="alias@example.test")
        found = prove(wishes, smtp=smtp(pem, IN))
        assert "no port that speaks IMAP" in found["imap-disabled"].trouble
        found = prove(wishes)
        assert {shown.ended for shown in found.values()} == {"unknown"}

    def test_a_refused_sender_is_spoofing_refused(self, pem: Path) -> None:
        users = smtp(pem, IN)
        users.inside = {**users.inside, b"MAIL": NOT_OWNED}
        assert prove(Wishes(), smtp=users)["spoofed-sender"].ended == "good"
        assert not any(line.startswith(b"RCPT") for line in users.heard)

    def test_who_is_postmaster_spoofs_nobody_by_that_name(self, pem: Path) -> None:
        account = Account("postmaster@example.test", SECRET)
        users = smtp(pem, IN)
        prove(Wishes(), account=account, smtp=users)
        assert not any(b"FROM:<postmaster" in line for line in users.heard)

    def test_a_refusal_alone_proves_nothing(self, pem: Path) -> None:
        box = imap(pem, b"z2 NO LOGIN failed\r\n")
        found = prove(Wishes(disabled=("imap",)), imap=box)
        assert found["imap-disabled"].ended == "unknown"
        assert "whether the password is right" in found["imap-disabled"].trouble

    def test_two_protocols_are_asked_for_the_same_yes(self) -> None:
        wishes = Wishes(
            spoofing=False, disabled=("imap", "pop3"), alias="alias@example.test"
        )
        found = prove(wishes, Guards())
        assert set(found) == {
            *("origin-in-log", "login-by-alias"),
            *("imap-disabled", "pop3-disabled"),
        }

    @pytest.mark.parametrize("alias", ["no address", "a@b\r\nDATA"])
    def test_an_alias_is_an_address(self, pem: Path, alias: str) -> None:
        found = prove(Wishes(alias=alias), smtp=smtp(pem, IN))
        assert found["login-by-alias"].trouble == "that is no address"

    def test_what_the_directory_knows_needs_no_asking(self, pem: Path) -> None:
        wishes = Wishes(alias="odd@example.test", alias_known=True)
        found = prove(wishes, smtp=smtp(pem, by_name(IN, OUT)))
        assert found["login-by-alias"].ended == "good"


class TestRisk:
    @pytest.mark.parametrize(
        ("guards", "word"),
        [
            (Guards(), "not known"),
            (Guards(2, 10, 5), "lockout acts after 2"),
            (Guards(0, 1, 5), "filter of failed logins acts after 1"),
            (Guards(0, 10, 2), "fail2ban acts after 2"),
            (Guards(0, 10, None), "fail2ban"),
        ],
    )
    def test_who_could_be_shut_out_must_say_yes(
        self, pem: Path, guards: Guards, word: str
    ) -> None:
        server = smtp(pem, IN)
        found = prove(Wishes(), guards, smtp=server)
        assert word in login.risk(guards)
        assert {shown.trouble for shown in found.values()} == {login.risk(guards)}
        assert server.connections == 0
        found = prove(Wishes(), guards, anyway=True, smtp=server)
        assert found["spoofed-sender"].ended == "good"

    def test_nothing_to_fear_says_nothing(self) -> None:
        assert login.risk(Guards(0, 0, 0)) == ""
        assert login.risk(Guards(10, 10, 3)) == ""

    @pytest.mark.parametrize("secret", ["a\r\nDATA", "a\0b", ""])
    def test_what_breaks_a_line_is_never_sent(self, pem: Path, secret: str) -> None:
        server = smtp(pem, IN)
        account = Account("probe@example.test", secret)
        prove(Wishes(), account=account, anyway=True, smtp=server)
        assert server.connections == 0


class TestOrigin:
    SHOWN = LoginShown(
        "origin-in-log",
        "192.0.2.10",
        465,
        "anna@example.com",
        source="198.51.100.7",
        when=datetime(2026, 11, 5, 9, 16, 20, tzinfo=UTC).isoformat(),
    )
    LINE = (
        "2026-11-05 10:16:20,118 INFO  [qtp1-341:smtp://m.example.com:7073/service/] "
        "[name=anna@example.com;{};oport=41244;oproto=smtp;] security - cmd=Auth; "
        "account=anna@example.com; protocol=soap;"
    )

    @pytest.mark.parametrize(
        ("words", "ended"),
        [
            ("oip=198.51.100.7", "good"),
            ("ip=198.51.100.7", "good"),
            ("ip=192.0.2.10;oip=198.51.100.7", "good"),
            ("oip=203.0.113.9, 198.51.100.7", "good"),
            ("oip=198.51.100.7, 192.0.2.10", "bad"),
            ("ip=192.0.2.10", "bad"),
        ],
    )
    def test_the_last_address_counts(self, words: str, ended: str) -> None:
        line = self.LINE.format(words)
        assert login_origin.traced(self.SHOWN, [line]).ended == ended

    @pytest.mark.parametrize(
        "line",
        [
            "",
            "no line at all",
            LINE.format("oip=198.51.100.7").replace("2026-11-05", "2026-99-99"),
            LINE.format("oip=198.51.100.7").replace("10:16", "10:05"),
            LINE.format("oip=198.51.100.7").replace("anna", "susanna"),
            LINE.format("oip=198.51.100.7") + " error=authentication failed;",
        ],
    )
    def test_another_line_tells_nothing(self, line: str) -> None:
        found = login_origin.traced(self.SHOWN, [line])
        assert found.ended == "unknown"
        assert found.trouble

    def test_nobody_is_found_for_an_unknown_source(self) -> None:
        shown = replace(self.SHOWN, source="")
        line = self.LINE.format("ip=192.0.2.10")
        assert login_origin.traced(shown, [line]) == shown

    def test_it_says_where_to_look(self) -> None:
        text = login_origin.where_to_look(self.SHOWN)
        assert "198.51.100.7" in text
        assert "2026-11-05T09:16:20" in text


def test_an_account_never_prints_its_password() -> None:
    assert SECRET not in repr(PROBE)
    assert SECRET not in str(PROBE)
