"""What breaks zmward in one conversation costs that one alone, and is said."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import get_args

import pytest
from msgspec.structs import replace

from tests.scan.test_hostile import looked, serving, steers, wish
from zmward.doors.network import Network, Pace
from zmward.engine import proofs, talks
from zmward.engine.proofs import Login, proved
from zmward.engine.scan import Target, scan
from zmward.engine.talks import Depth
from zmward.scan.dns import DnsShown
from zmward.scan.line import Ask
from zmward.scan.login import LoginShown
from zmward.scan.login_account import Account, Tries
from zmward.scan.named import Service
from zmward.scan.recognise import recognise
from zmward.scan.seen import PortSeen
from zmward.scan.smtp import SmtpShown
from zmward.scan.tls_shown import TlsShown, Trust

SECRET = "hunter2"
HOST = "127.0.0.1"


def breaks(*_args: object, **_more: object) -> None:
    raise UnicodeError(SECRET)


def test_a_talk_that_breaks_leaves_an_unknown_of_its_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(talks._TALKS_OF, "smtp", breaks)
    with serving(steers, steers) as ports:
        seen = looked(ports)
    kept = [s for s in seen.shown if isinstance(s, SmtpShown)]
    assert sorted(s.port for s in kept) == sorted(ports)
    assert all("UnicodeError" in s.trouble for s in kept)
    assert SECRET not in repr(seen)
    assert sum(isinstance(s, TlsShown) for s in seen.shown) == len(ports)


def test_a_port_that_breaks_the_asking_is_not_recognised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(steers, steers) as ports:

        def some(dial: Network, port: int, ask: Ask) -> object:
            if port == ports[0]:
                breaks()
            return recognise(dial, port, ask)

        monkeypatch.setattr("zmward.engine.scan.recognise", some)
        seen = looked(ports)
    services = {one.port: one.service for one in seen.open()}
    assert services == {ports[0]: "", ports[1]: "smtp"}
    (told,) = [text for text in seen.silent if "UnicodeError" in text]
    assert str(ports[0]) in told
    assert SECRET not in repr(seen)


def test_a_domain_that_breaks_the_asking_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("zmward.engine.scan.dns.look", breaks)
    asked = replace(wish((1,)), domains=("example.test",), selectors=("s",))
    (seen,) = scan([Target(HOST, (HOST,))], asked, lambda *_: None)
    (shown,) = [s for s in seen.shown if isinstance(s, DnsShown)]
    assert "UnicodeError" in shown.trouble
    assert shown.selectors == ("s",)
    assert SECRET not in repr(seen)


def test_proofs_that_break_are_all_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    good = LoginShown("spoofed-sender", HOST, 587, "p@example.test", "good")

    def some(*_: object) -> Iterator[LoginShown]:
        yield good
        breaks()

    monkeypatch.setattr(proofs, "prove", some)
    account = Account("p@example.test", SECRET)
    login = Login(account=account, send_to="p@example.test", ssh="root")
    network = Network(HOST, Pace(1000))
    found = proved(network, (), Ask(HOST), login, Tries())
    assert found[0] == good
    doubts = {s.proof for s in found if s.ended == "unknown"}
    assert doubts == {
        *("spoofed-sender", "origin-in-log", "sent-headers"),
        *("ssh-keys", "ssh-passwords"),
    }
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("service", "tls"), [*product((*get_args(Service), ""), (False, True))]
)
def test_every_conversation_has_its_silence(service: Service, *, tls: bool) -> None:
    """Without one for each, no conversation of the port would be held."""
    port = PortSeen(1, "tcp", HOST, "open", service, tls=tls)
    depth = Depth(Trust("", datetime.now(UTC)))
    network = Network(HOST, Pace(1000))
    held = talks.talks(network, port, Ask(HOST), depth)
    assert sum(1 for _ in held) <= 2
