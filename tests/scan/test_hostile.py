"""A whole scan of ports that lie, drip, flood and babble: it ends, and says so."""

import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest

from zmward.controls.registry import controls
from zmward.engine.audit import audit
from zmward.engine.scan import Target, Wish, scan
from zmward.engine.talks import Depth
from zmward.outside import evidence_of
from zmward.profile import Profile
from zmward.reports.html.page import render as as_html
from zmward.reports.plain import in_json
from zmward.reports.scan_json import read
from zmward.reports.scan_json import render as as_json
from zmward.reports.scan_text import render as as_text
from zmward.scan.seen import Seen
from zmward.scan.tls_shown import Trust

ESCAPE = b"\x1b]0;owned\x07\x1b[2J\xc2\x9b31m"
LARGE = b"A" * 65_536
Serve = Callable[[socket.socket], None]


def tarpit(wire: socket.socket) -> None:
    """Take the connection and say nothing, ever."""
    time.sleep(30)
    wire.close()


def drip(wire: socket.socket) -> None:
    """Say one byte at a time, and never come to the end of a line."""
    for _ in range(300):
        wire.sendall(b"2")
        time.sleep(0.1)


def flood(wire: socket.socket) -> None:
    """Greet without an end."""
    while True:
        wire.sendall(LARGE)


def lines(wire: socket.socket) -> None:
    """Send lines of a greeting that has no last one."""
    while True:
        wire.sendall(b"220-" + ESCAPE + b"\r\n")


def steers(wire: socket.socket) -> None:
    """Speak SMTP with escape codes in every word."""
    wire.sendall(b"220 " + ESCAPE + b" ESMTP Postfix <script>alert(1)</script>\r\n")
    while asked := wire.recv(4096):
        if asked.upper().startswith(b"EHLO"):
            wire.sendall(b"250-" + ESCAPE + b"\r\n250 AUTH PLAIN" + ESCAPE + b"\r\n")
        else:
            wire.sendall(b"250 2.0.0 " + ESCAPE + b"\r\n")


def garbage(wire: socket.socket) -> None:
    """Answer TLS with a record that announces more than it holds."""
    wire.recv(4096)
    wire.sendall(b"\x16\x03\x03\xff\xff\x02\x00\xff\xfe" + bytes(range(256)) * 8)


def web(wire: socket.socket) -> None:
    """Answer HTTP with a header that has no end, and a body that lies."""
    if wire.recv(4096):
        wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n")
        while True:
            wire.sendall(b"X-" + ESCAPE + b": " + LARGE[:2000] + b"\r\n")


def loops(wire: socket.socket) -> None:
    """Send each request on to the same page."""
    while wire.recv(4096):
        wire.sendall(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")


def memcached(wire: socket.socket) -> None:
    """Answer as memcached would, with a length that no memory holds."""
    while wire.recv(4096):
        wire.sendall(b"VERSION 1.6" + ESCAPE + b"\r\nVALUE x 0 99999999999\r\n" + LARGE)


def entries(wire: socket.socket) -> None:
    """Answer any search of a directory with ten thousand entries."""
    entry = (
        b"\x30\x1f\x02\x01\x01\x64\x1a\x04\x10" + ESCAPE[:16].ljust(16) + b"\x30\x06"
    )
    entry += b"\x30\x04\x04\x00\x31\x00"
    if wire.recv(4096):
        wire.sendall(entry * 10_000)


def resets(wire: socket.socket) -> None:
    """Break off at once."""
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


HOSTILE: tuple[Serve, ...] = (
    *(tarpit, drip, flood, lines, steers, garbage, web, loops, memcached, entries),
    resets,
)


@contextmanager
def serving(*kinds: Serve) -> Iterator[tuple[int, ...]]:
    """Give a port for each kind of server."""
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in kinds]

    def one(wire: socket.socket, serve: Serve) -> None:
        with wire, suppress(OSError):
            wire.settimeout(40)
            serve(wire)

    def accept(door: socket.socket, serve: Serve) -> None:
        with suppress(OSError):
            while True:
                wire, _ = door.accept()
                threading.Thread(target=one, args=(wire, serve), daemon=True).start()

    for door, serve in zip(doors, kinds, strict=True):
        threading.Thread(target=accept, args=(door, serve), daemon=True).start()
    try:
        yield tuple(door.getsockname()[1] for door in doors)
    finally:
        for door in doors:
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            door.close()


def wish(ports: tuple[int, ...], seconds: float = 60) -> Wish:
    now = datetime.now(UTC)
    return Wish(
        tcp=ports,
        udp=(),
        known=frozenset(ports),
        rate=5000,
        seconds=seconds,
        depth=Depth(Trust("", now)),
        when=now.isoformat(timespec="seconds"),
    )


def looked(ports: tuple[int, ...], seconds: float = 60) -> Seen:
    target = Target("127.0.0.1", ("127.0.0.1",))
    (seen,) = scan([target], wish(ports, seconds), lambda *_: None)
    return seen


@pytest.fixture(scope="module")
def seen() -> tuple[Seen, float, int]:
    """Give what was seen of all of them, how long it took, and how much memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    with serving(*HOSTILE) as ports:
        found = looked(ports)
        took = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found, took, after - before


def test_it_comes_to_an_end(seen: tuple[Seen, float, int]) -> None:
    found, took, _ = seen
    assert len(found.open()) == len(HOSTILE)
    assert took < 60


def test_its_memory_is_bounded(seen: tuple[Seen, float, int]) -> None:
    assert seen[2] < 200 * 1024  # KiB; what was sent to it was many times more


def test_nothing_steers_a_terminal_or_a_page(seen: tuple[Seen, float, int]) -> None:
    report = audit(
        evidence_of((seen[0],), "0"), controls().values(), Profile(), inside=False
    )
    text = as_text(report, (seen[0],), everything=True)
    page = as_html(report, looks=(seen[0],))
    document = in_json(as_json(report, (seen[0],)))
    for shown in (text, page, document):
        assert "owned" in shown
        unprintable = {c for c in shown if not c.isprintable() and c != "\n"}
        assert not unprintable
    assert "<script>alert" not in page
    assert read(document.encode(), "scan.json") == (seen[0],)
    json.loads(document)


def test_a_host_that_answers_on_every_port_is_not_talked_to_for_ever() -> None:
    """All the time goes; what was not asked is said."""
    with serving(*[tarpit] * 40) as ports:
        began = time.monotonic()
        found = looked(ports, seconds=3)
        assert time.monotonic() - began < 20
    assert len(found.open()) == 40
    assert any("in time" in text for text in found.silent)
