"""Web servers on loopback that answer as a test says, honest or not."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

Answer = Callable[[bytes], bytes]


def ok(*headers: str, body: str = "", status: str = "200 OK") -> bytes:
    length = f"Content-Length: {len(body.encode())}"
    head = "\r\n".join((f"HTTP/1.1 {status}", *headers, length))
    return f"{head}\r\n\r\n{body}".encode()


def none(status: str = "404 Not Found") -> bytes:
    return ok(status=status)


class Served:
    """A server that runs, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[bytes] = []
        self.connections = 0

    def asked(self, start: str) -> bytes | None:
        """Return the first request that begins so."""
        found = (r for r in self.requests if r.startswith(start.encode()))
        return next(found, None)


@contextmanager
def _listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)
        yield listener


@contextmanager
def conversing(
    each: Callable[[socket.socket, Served, threading.Event], None],
) -> Iterator[Served]:
    """Run a server whose connections are led by a function, each in a thread."""
    stop = threading.Event()
    with _listening() as listener:
        served = Served(listener.getsockname()[1])

        def one(wire: socket.socket) -> None:
            with wire, suppress(OSError):
                wire.settimeout(5)
                each(wire, served, stop)

        def run() -> None:
            threads = []
            while not stop.is_set():
                try:
                    wire, _ = listener.accept()
                except OSError:
                    continue
                served.connections += 1
                threads.append(threading.Thread(target=one, args=(wire,)))
                threads[-1].start()
            for thread in threads:
                thread.join(5)

        runner = threading.Thread(target=run)
        runner.start()
        try:
            yield served
        finally:
            stop.set()
            runner.join(5)


def request(wire: socket.socket) -> bytes:
    """Read one request without a body; empty at the end."""
    found = b""
    while not found.endswith(b"\r\n\r\n"):
        piece = wire.recv(4096)
        if not piece:
            return b""
        found += piece
    return found


@contextmanager
def answering(
    pages: Mapping[str, bytes | Answer], *, other: bytes | None = None
) -> Iterator[Served]:
    """Serve pages by method and path (`GET /`), keeping connections open."""
    fallback = none() if other is None else other

    def each(wire: socket.socket, served: Served, _: threading.Event) -> None:
        while found := request(wire):
            served.requests.append(found)
            method, path, _version = found.split(b"\r\n")[0].decode().split(" ")
            page = pages.get(f"{method} {path}", fallback)
            content = page(found) if callable(page) else page
            wire.sendall(content)
            if b"connection: close" in content.lower() or content.startswith(
                b"HTTP/1.0"
            ):
                return

    with conversing(each) as served:
        yield served


@contextmanager
def saying(content: bytes) -> Iterator[Served]:
    """Say the same bytes on every connection, whatever is asked, and close."""

    def each(wire: socket.socket, served: Served, _: threading.Event) -> None:
        served.requests.append(request(wire))
        wire.sendall(content)

    with conversing(each) as served:
        yield served


@contextmanager
def flooding(first: bytes, again: bytes) -> Iterator[Served]:
    """Say something, then something else without an end."""

    def each(wire: socket.socket, served: Served, stop: threading.Event) -> None:
        served.requests.append(request(wire))
        wire.sendall(first)
        while not stop.is_set():
            wire.sendall(again)

    with conversing(each) as served:
        yield served


@contextmanager
def dripping(content: bytes) -> Iterator[Served]:
    """Say one byte after the other, slowly, and then nothing."""

    def each(wire: socket.socket, served: Served, stop: threading.Event) -> None:
        served.requests.append(request(wire))
        for number in range(len(content)):
            if stop.is_set():
                return
            wire.sendall(content[number : number + 1])
            time.sleep(0.05)
        stop.wait(5)

    with conversing(each) as served:
        yield served
