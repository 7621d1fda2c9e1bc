"""What memcached answers: a real one with and without UDP, and ones that lie."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest

from tests.scan import daemons
from tests.scan.speakers import (
    ASK,
    Speak,
    answers,
    endless,
    network,
    says,
    speaking,
)
from zmward.controls.registry import controls
from zmward.outlook import Outlook
from zmward.profile import Profile
from zmward.scan.memcached import MemcachedShown, look
from zmward.scan.seen import Seen

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def judged(shown: MemcachedShown) -> list[str]:
    outside = controls()["memcached-without-udp"].outside
    assert outside
    seen = Seen("mail", NOW.isoformat(), "0", shown=(shown,))
    return [
        one.state.value for one in outside.look(seen, Outlook(Profile(), NOW, "mail"))
    ]


@contextmanager
def flooding(*parts: bytes) -> Iterator[int]:
    """Answer each datagram with all parts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        place.bind(("127.0.0.1", 0))
        place.settimeout(5)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    _, client = place.recvfrom(4096)
                    for part in parts:
                        place.sendto(part, client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield place.getsockname()[1]


def asked(port: int) -> MemcachedShown:
    return look(network(), port, ASK, tls=False)


def test_a_real_one_over_tcp_alone() -> None:
    with daemons.memcached("-U", "0") as port:
        shown = asked(port)
    assert shown.version.startswith("1.")
    assert (shown.udp, shown.trouble) == ("refuses", "")
    assert judged(shown) == ["ok"]


def test_a_real_one_that_answers_datagrams() -> None:
    with daemons.memcached("-U", "PORT") as port:
        shown = asked(port)
    assert (shown.udp, shown.sent) == ("answers", 17)
    assert shown.received == 8 + len(f"VERSION {shown.version}\r\n")
    assert shown.factor == pytest.approx(shown.received / 17)
    assert judged(shown) == ["bad"]
    assert "17 bytes" in shown.exchanges[-1].sent


def test_a_flood_is_measured_and_bounded() -> None:
    part = b"\x7a\x77\0\0\0\x01\0\0VERSION 1.4.37\r\n" + b"A" * 1400
    with flooding(*(part,) * 100) as port:
        shown = asked(port)
    assert shown.udp == "answers"
    assert 4096 <= shown.received < 4096 + 1500
    assert judged(shown) == ["bad"]


def test_noise_over_udp_is_not_memcached() -> None:
    with flooding(b"\xff" * 30) as port:
        shown = asked(port)
    assert shown.udp == "other"
    assert judged(shown) == ["unknown"]


def test_silence_over_udp_is_asked_twice() -> None:
    with flooding() as port:
        begun = time.monotonic()
        shown = asked(port)
    assert time.monotonic() - begun < 3
    assert shown.udp == "silent"
    # A filter before this looker may be open to others.
    assert judged(shown) == ["unknown"]


@pytest.mark.parametrize(
    "speak",
    [
        answers(b"VERSION \x1b[2J\r\n"),
        answers(b"VERSION " + b"9" * 3000 + b"\r\n"),
        endless(b"V" * 4096),
        says(b"\0\xff\r\n"),
        answers(b""),
    ],
)
def test_a_liar_over_tcp_tells_no_version(speak: Speak) -> None:
    with speaking(speak) as port:
        shown = asked(port)
    assert shown.version == ""
    assert all("\x1b" not in e.received for e in shown.exchanges)
