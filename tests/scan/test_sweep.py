"""A sweep over ports of this machine, without any privilege."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from zmward.doors.sweep import sweep
from zmward.scan.seen import PortSeen
from zmward.scan.swept import TIME_OVER, Swept


def listener(kind: socket.SocketKind) -> socket.socket:
    wire = socket.socket(socket.AF_INET, kind)
    wire.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        wire.listen()
    return wire


@pytest.fixture
def opened() -> Iterator[list[int]]:
    with ExitStack() as stack:
        wires = [stack.enter_context(listener(socket.SOCK_STREAM)) for _ in range(5)]
        yield sorted(wire.getsockname()[1] for wire in wires)


def swept(tcp: list[int], udp: list[int], *, seconds: float = 20) -> Swept:
    return sweep(
        ["127.0.0.1"],
        tcp,
        udp,
        rate=20_000,
        seconds=seconds,
        moved=lambda _done, _total: None,
        raw=False,
    )


def test_open_and_closed_are_told_apart(opened: list[int]) -> None:
    asked = [port for one in opened for port in (one, one, 1, 2)]
    found = swept(asked, [])
    assert found.untold == ()
    assert found.ports == tuple(
        PortSeen(port, "tcp", "127.0.0.1", "open" if port in opened else "closed")
        for port in sorted({1, 2, *opened})
    )


def test_a_datagram_is_silent_or_closed() -> None:
    with listener(socket.SOCK_DGRAM) as quiet:
        port = quiet.getsockname()[1]
        found = swept([], [1, port])
        assert {one.port: one.state for one in found.ports} == {
            1: "closed",
            port: "filtered",
        }
        assert quiet.recv(100) == b"zmward-scan\n"


def test_no_question_is_no_trouble() -> None:
    assert swept([], []) == Swept(())


def test_without_time_nothing_is_claimed(opened: list[int]) -> None:
    found = swept(opened, [53], seconds=0)
    assert found.ports == ()
    assert {one.why for one in found.untold} == {TIME_OVER}
    assert [(one.proto, one.ports) for one in found.untold] == [
        ("tcp", tuple(opened)),
        ("udp", (53,)),
    ]
    assert found.untold[1].text == "127.0.0.1 udp 53: the time was over"


def test_a_caller_that_gives_up_is_not_held(opened: list[int]) -> None:
    def moved(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(["127.0.0.1"], opened, [53], rate=10, seconds=60, moved=moved, raw=False)
