"""No login is tried before it is known, or accepted, whom it could lock out."""

from pathlib import Path

import pytest

from tests.scan.mail_server import ASK, certificate, served
from tests.scan.test_login import OUT, PROBE, port, smtp
from zmward.doors.network import Network, Pace
from zmward.engine.proofs import Login, prove
from zmward.scan.login import LoginShown


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
        found: tuple[LoginShown, ...] = tuple(prove(network, ports, ASK, login))
    assert server.connections == tries
    assert {shown.ended for shown in found} == {"unknown"}
    if not anyway:
        assert all("not known" in shown.trouble for shown in found)
