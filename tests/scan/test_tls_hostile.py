"""Servers that mean harm, or nothing at all: a look at TLS ends, and says nothing good."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.scan.tls_servers import (
    DONE,
    NOW,
    REFUSED,
    Listed,
    answering,
    heard,
    message,
    record,
    server_hello,
    serving,
    shown,
    states,
)
from zmward.controls.registry import controls
from zmward.controls.shapes.outside_tls import sight, spoken
from zmward.doors.network import Network, Pace
from zmward.outlook import Outlook
from zmward.profile import Profile
from zmward.scan.line import Ask, Babble, Broken, Line, TooMuch
from zmward.scan.tls import look
from zmward.scan.tls_hello import TLS13, Hello
from zmward.scan.tls_reply import Refusal, Reply, reply
from zmward.scan.tls_secrets import opened, shares

_GOOD = 0xC02F
TAKEN = record(server_hello(0x0303, _GOOD) + DONE)
KINDS = {_GOOD: "ECDHE", 0x009E: "DHE"}
WRONG = {
    "garbage": b"\0\1\2\3" * 400,
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a record too long": b"\x16\x03\x03\xff\xff",
    "a lying length": record(message(2, b"\3\3" + b"r" * 32 + b"\xff")),
    "a message too long": record(b"\x02\xff\xff\xff"),
    "a cipher not offered": record(server_hello(0x0303, 0x4A4A) + DONE),
    "a protocol not offered": record(server_hello(0x0305, _GOOD) + DONE),
    "no ServerHello": record(message(11, b"\0\0\0")),
    "a secret at once": record(b"x" * 40, 23),
    "nothing but warnings": record(b"\1\x70", 21) * 100,
    "empty records": record(b"") * 100,
    "an alert of the hello": record(b"\2\x32", 21),
    "half an alert": record(b"\2", 21),
    "a lying extension": record(
        message(2, b"\3\3" + b"r" * 32 + b"\0\xc0\x2f\0\0\x09\0\x33\0\xff")
    ),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_what_is_no_answer_is_unknown(answer: bytes) -> None:
    with answering(answer) as port:
        found = shown(port)
    assert set(states(found).values()) == {"unknown"}
    assert found.trouble
    assert found.chains == ()


def test_silence_is_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        found = shown(listener.getsockname()[1], hasty=True)
    assert set(states(found).values()) == {"unknown"}
    assert "time" in found.trouble


def test_a_closed_port_is_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = shown(port)
    assert set(states(found).values()) == {"unknown"}


def test_who_refuses_everything_refuses_no_protocol() -> None:
    for answer in (REFUSED, record(b"\2\x28", 21)):
        with answering(answer) as port:
            found = shown(port)
        assert set(states(found).values()) == {"unknown"}
        assert "no protocol at all" in found.trouble


def test_who_hangs_up_on_everybody_refuses_nothing() -> None:
    def talk(wire: socket.socket) -> None:
        heard(wire)

    with serving(talk) as port:
        found = shown(port)
    assert set(states(found).values()) == {"unknown"}


class TestHangingUp:
    """Who hangs up on an old hello refuses it, if it still speaks with us."""

    def _found(self, times: int) -> dict[str, str]:
        left = [times]

        def talk(wire: socket.socket) -> None:
            hello = heard(wire)
            left[0] -= 1
            if left[0] >= 0 and hello[4:6] == b"\3\3" and b"\xc0\x2f" in hello:
                wire.sendall(TAKEN)

        with serving(talk) as port:
            return states(shown(port))

    def test_a_server_that_speaks_on_has_refused(self) -> None:
        assert self._found(99) == {
            "TLS 1.3": "refused",
            "TLS 1.2": "accepted",
            **dict.fromkeys(("SSLv3", "TLS 1.0", "TLS 1.1"), "refused"),
        }

    def test_who_was_shut_out_knows_nothing(self) -> None:
        # TLS 1.3, TLS 1.2, its other ciphers, and the one asked for again.
        assert self._found(4) == {
            "TLS 1.2": "accepted",
            **dict.fromkeys(("TLS 1.3", "SSLv3", "TLS 1.0", "TLS 1.1"), "unknown"),
        }

    @pytest.mark.parametrize("lost", [(n,) for n in range(1, 14)] + [(4, 5), (3, 4, 5)])
    def test_a_lost_connection_is_no_refusal(self, lost: tuple[int, ...]) -> None:
        """It takes TLS 1.0 and 1.2, each with a good cipher and an outdated one."""
        came = [0]

        def talk(wire: socket.socket) -> None:
            hello = heard(wire)
            came[0] += 1
            if came[0] in lost:
                return
            version = int.from_bytes(hello[4:6], "big")
            offered = [c for c in (_GOOD, 0x002F) if c.to_bytes(2, "big") in hello[39:]]
            if version == 0x0301:
                offered = [c for c in offered if c != _GOOD]
            taken = version in (0x0301, 0x0303) and offered
            hello = record(server_hello(version, offered[0]) + DONE) if taken else b""
            wire.sendall(hello or REFUSED)

        with serving(talk) as port:
            found = shown(port)
        assert found.spoken("TLS 1.0").state == "accepted"
        assert found.spoken("TLS 1.2").ciphers == (
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_RSA_WITH_AES_128_CBC_SHA",
        )

    def test_ciphers_after_a_hang_up_are_not_all(self) -> None:
        left = [2]

        def talk(wire: socket.socket) -> None:
            hello = heard(wire)
            left[0] -= 1
            if left[0] < 0:
                return
            wire.sendall(TAKEN if b"\xc0\x2f" in hello[39:] else REFUSED)

        with serving(talk) as port:
            found = shown(port).spoken("TLS 1.2")
        assert found.state == "accepted"
        assert not found.whole


def test_a_lower_answer_is_a_refusal() -> None:
    def talk(wire: socket.socket) -> None:
        hello = heard(wire)
        old = hello[4:6] in (b"\3\1", b"\3\2") and b"\0\x05" in hello[39:]
        wire.sendall(record(server_hello(0x0301, 5) + DONE) if old else REFUSED)

    with serving(talk) as port:
        found = shown(port)
    assert found.spoken("TLS 1.0").state == "accepted"
    assert found.spoken("TLS 1.1").state == "refused"
    assert found.spoken("TLS 1.1").words == "it chose TLS 1.0"


def test_a_hello_is_taken_even_where_silence_follows() -> None:
    found = reply(Listed(record(server_hello(0x0301, _GOOD))), KINDS)
    assert isinstance(found, Reply)
    assert found.version == 0x0301


def test_a_chain_without_end_is_cut() -> None:
    chain = b"".join(b"\0\0\1x" for _ in range(200))
    content = message(11, len(chain).to_bytes(3, "big") + chain)
    found = reply(Listed(record(server_hello(0x0303, _GOOD) + content + DONE)), KINDS)
    assert isinstance(found, Reply)
    assert len(found.chain) == 12


@pytest.mark.parametrize(("length", "kept"), [(1, 4), (9, 0)])
def test_certificates_that_fill_the_memory_are_not_kept(length: int, kept: int) -> None:
    """A server takes every cipher, and shows another chain each time."""
    turns = iter(range(1, 250))

    def talk(wire: socket.socket) -> None:
        if not (hello := heard(wire)):
            return
        one = bytes((next(turns),)) * 9000
        chain = (len(one).to_bytes(3, "big") + one) * length
        content = message(11, len(chain).to_bytes(3, "big") + chain)
        pieces = [content[at : at + 16_000] for at in range(0, len(content), 16_000)]
        place = 39 + hello[38] + 2
        taken = server_hello(0x0303, int.from_bytes(hello[place : place + 2], "big"))
        wire.sendall(b"".join(map(record, (taken, *pieces, DONE))))

    with serving(talk) as port:
        found = shown(port)
    assert len(found.spoken("TLS 1.2").ciphers) > 4
    assert len(found.chains) == kept


def test_a_flight_without_end_is_left() -> None:
    flight = record(server_hello(0x0303, _GOOD)) + record(message(99, b"x" * 9000)) * 90
    with pytest.raises(TooMuch):
        reply(Listed(flight), KINDS)


@pytest.mark.parametrize(
    "exchange", [b"", b"\3", b"\1\0\0", b"\0\xff\1", b"\3\0\x1d" + b"x" * 40]
)
@pytest.mark.parametrize("cipher", [_GOOD, 0x009E, 0x0005])
def test_broken_key_exchanges_are_broken(cipher: int, exchange: bytes) -> None:
    flight = server_hello(0x0303, cipher) + message(12, exchange) + DONE
    with suppress(Broken):
        assert isinstance(reply(Listed(record(flight)), KINDS), Reply)


@given(noise=st.binary(max_size=300))
def test_noise_is_broken_and_nothing_else(noise: bytes) -> None:
    for flight in (noise, record(noise), record(message(2, noise)), TAKEN[:40] + noise):
        with suppress(Broken):
            assert isinstance(reply(Listed(flight), KINDS), Reply | Refusal)


def _secret_reply(**own: bytes | int) -> Reply:
    columns: dict[str, bytes | int] = {"group": 29, "share": b"k" * 32, **own}
    return Reply(
        TLS13,
        0x1301,
        compressed=False,
        safe_renegotiation=False,
        retry=False,
        **columns,  # type: ignore[arg-type]  # as given
    )


@given(noise=st.binary(min_size=1, max_size=200))
def test_noise_in_tls_1_3_is_broken_and_nothing_else(noise: bytes) -> None:
    hello = Hello(TLS13, (0x1301,), shares=shares())
    for flight in (noise, record(noise, 23), record(noise, 20) * 40):
        with pytest.raises(Broken):
            opened(Listed(flight), hello, _secret_reply())


@pytest.mark.parametrize(
    ("group", "share"),
    [(29, b"short"), (29, bytes(32)), (23, b"\4" + b"x" * 64), (30, b"x" * 56)],
)
def test_keys_that_are_none_are_broken(group: int, share: bytes) -> None:
    hello = Hello(TLS13, (0x1301,), shares=shares())
    with pytest.raises(Babble):
        opened(Listed(b""), hello, _secret_reply(group=group, share=share))


def test_a_certificate_that_is_none_does_no_harm() -> None:
    chain = b"\0\0\x05wrong"
    content = message(11, len(chain).to_bytes(3, "big") + chain)
    flight = record(server_hello(0x0303, _GOOD) + content + DONE)
    with answering(REFUSED, flight, REFUSED) as port:
        found = shown(port)
    assert len(found.chains) == 1


class Slow(Network):
    """The real door to a server that takes its time, without the waiting."""

    def connect(
        self, port: int, *, tls: str | None = None, seconds: float = 5.0
    ) -> Any:
        @contextmanager
        def slowly() -> Iterator[Line]:
            with super(Slow, self).connect(port, tls=tls, seconds=seconds) as line:
                line._since -= 9  # type: ignore[attr-defined]  # as if it had lasted
                yield line

        return slowly()


def test_a_drip_does_not_last_for_ever() -> None:
    with answering(TAKEN) as port:
        found = look(Slow("127.0.0.1", Pace(10_000)), port, Ask("x"), tls=True)
    assert states(found)["TLS 1.2"] == "accepted"
    assert not found.spoken("TLS 1.2").whole
    assert found.spoken("SSLv3").words == "it was too slow to ask everything"


def test_a_group_that_nobody_offered_is_babble() -> None:
    flight = server_hello(0x0303, _GOOD) + message(12, b"\3\x7f\x7f\0") + DONE
    with answering(REFUSED, record(flight)) as port:
        found = shown(port)
    assert "group" in found.spoken("TLS 1.2").words


def test_a_wrong_secret_is_accepted_without_a_chain() -> None:
    share = (51, b"\0\x1d\0\x20" + b"k" * 32)
    hello = server_hello(0x0303, 0x1301, extensions=((43, b"\3\4"), share))
    with answering(record(hello) + record(b"x" * 40, 23), REFUSED) as port:
        found = shown(port)
    assert found.spoken("TLS 1.3").state == "accepted"
    assert found.chains == ()


def test_two_addresses_of_one_port_are_told_apart() -> None:
    four = spoken(443)
    six = replace(four, address="2001:db8::10")
    seen = replace(sight("ok", four).seen, shown=(four, six))
    look_at = controls()["tls-ports-uncompressed"].outside
    assert look_at
    found = look_at.look(seen, Outlook(Profile(), NOW, "mail.example.test"))
    assert [one.subject for one in found] == [
        "mail.example.test port 443 (192.0.2.10)",
        "mail.example.test port 443 (2001:db8::10)",
    ]


@pytest.mark.parametrize("alert", [10, 47, 50, 109, 112, 200])
def test_a_complaint_of_the_hello_is_no_refusal(alert: int) -> None:
    """Where modern TLS is taken, only some alerts say that old TLS is not."""

    def talk(wire: socket.socket) -> None:
        hello = heard(wire)
        modern = hello[4:6] == b"\3\3" and b"\xc0\x2f" in hello[39:]
        wire.sendall(TAKEN if modern else record(bytes((2, alert)), 21))

    with serving(talk) as port:
        found = shown(port)
    assert states(found)["TLS 1.2"] == "accepted"
    assert states(found)["TLS 1.0"] == "unknown"
    assert str(alert) in found.spoken("TLS 1.0").words
    assert not found.spoken("TLS 1.2").whole
