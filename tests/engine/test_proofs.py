"""No login is tried before it is known, or accepted, whom it could lock out."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.scan.mail_server import ASK, certificate, served
from tests.scan.test_login import IN, OUT, PROBE, port, smtp
from zmward.doors.network import Network, Pace
from zmward.engine.proofs import Login, prove
from zmward.engine.scan import Target, Wish, scan
from zmward.engine.talks import Depth
from zmward.errors import Unreachable
from zmward.scan.login import LoginShown
from zmward.scan.login_account import Tries
from zmward.scan.tls_shown import Trust


@pytest.mark.parametrize(("anyway", "tries"), [(False, 0), (True, 1)])
def test_a_message_waits_for_the_same_yes(
    tmp_path: Path, *, anyway: bool, tries: int
) -> None:
    pem = tmp_path / "both.pem"
    pem.write_bytes(certificate())
    server = smtp(pem, OUT)
    login = Login(account=PROBE, anyway=anyway, send_to="someone@example.test")
    with served(server) as number:
        network = Network("127.0.0.1", Pace(1000))
        ports = (port(number, "smtp", server),)
        found: tuple[LoginShown, ...] = tuple(
            prove(network, ports, ASK, login, Tries())
        )
    assert server.connections == tries
    assert {shown.ended for shown in found} == {"unknown"}
    if not anyway:
        assert all("not known" in shown.trouble for shown in found)


def test_all_hosts_of_a_run_share_two_failures(tmp_path: Path) -> None:
    pem = tmp_path / "both.pem"
    pem.write_bytes(certificate())
    server, tries = smtp(pem, OUT), Tries()
    login = Login(account=PROBE, anyway=True)
    found: list[LoginShown] = []
    with served(server) as number:
        network = Network("127.0.0.1", Pace(1000))
        ports = (port(number, "smtp", server),)
        for _ in range(4):
            found += prove(network, ports, ASK, login, tries)
    assert sum(b"AUTH PLAIN" in line for line in server.heard) == 2
    assert "more are not risked" in found[-1].trouble
    assert {shown.ended for shown in found} == {"unknown"}


def test_only_the_first_of_several_hosts_sends_a_message() -> None:
    login = Login(account=PROBE, anyway=True, send_to="someone@example.test")
    wish = Wish(
        tcp=(1,),
        udp=(),
        known=frozenset({1}),
        rate=1000.0,
        seconds=10.0,
        depth=Depth(Trust("", datetime.now(UTC))),
        login=login,
    )
    targets = tuple(Target(one, (one,)) for one in ("127.0.0.1", "127.0.0.2"))
    first, second = scan(targets, wish, lambda _done, _total, _about: None)
    sent = [
        any(isinstance(s, LoginShown) and s.proof == "sent-headers" for s in one.shown)
        for one in (first, second)
    ]
    assert sent == [True, False]


def test_a_log_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    def log() -> Iterable[str]:
        raise Unreachable("mail: audit.log cannot be read.")

    pem = tmp_path / "both.pem"
    pem.write_bytes(certificate())
    server = smtp(pem, IN)
    login = Login(account=PROBE, anyway=True, any_certificate=True, log=log)
    with served(server) as number:
        network = Network("127.0.0.1", Pace(1000))
        ports = (port(number, "smtp", server),)
        found = tuple(prove(network, ports, ASK, login, Tries()))
    (origin,) = [shown for shown in found if shown.proof == "origin-in-log"]
    assert "cannot be read" in origin.trouble
    assert origin.ended == "unknown"


# The server leaves a socket behind where a handshake was broken off.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("anyone", [False, True])
def test_an_unbelieved_server_gets_no_password(tmp_path: Path, *, anyone: bool) -> None:
    pem = tmp_path / "both.pem"
    pem.write_bytes(certificate())
    server = smtp(pem, OUT)
    login = Login(account=PROBE, anyway=True, any_certificate=anyone)
    with served(server) as number:
        wish = Wish(
            tcp=(number,),
            udp=(),
            known=frozenset({number}),
            rate=1000.0,
            seconds=120.0,
            depth=Depth(Trust("", datetime.now(UTC))),
            login=login,
        )
        (seen,) = scan((Target("127.0.0.1", ("127.0.0.1",)),), wish, lambda *_: None)
    tried = [s for s in seen.shown if isinstance(s, LoginShown)]
    assert tried
    assert any(b"AUTH PLAIN" in line for line in server.heard) is anyone
    troubles = [shown.trouble for shown in tried]
    refused = {"CERTIFICATE_VERIFY_FAILED" in trouble for trouble in troubles}
    assert refused == {not anyone}, troubles
