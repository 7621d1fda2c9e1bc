"""Servers on loopback that say what a test wants: honest ones and hostile ones."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from zmward.doors.network import Network, Pace
from zmward.scan.line import Ask, Line

ASK = Ask("mail.example.test", ("example.test",))
Speak = Callable[[socket.socket], None]


def network() -> Network:
    """Return the real door to loopback, at full speed."""
    return Network("127.0.0.1", Pace(100_000))


class Hasty:
    """The real door, where nobody waits for long: for servers that never end."""

    def __init__(self, seconds: float) -> None:
        self._door = network()
        self._seconds = seconds

    @property
    def address(self) -> str:
        return self._door.address

    def connect(
        self, port: int, *, tls: str | None = None, seconds: float = 5.0
    ) -> AbstractContextManager[Line]:
        return self._door.connect(port, tls=tls, seconds=min(seconds, self._seconds))

    def datagram(
        self, port: int, content: bytes, *, most: int = 4096, seconds: float = 1.0
    ) -> tuple[bytes, ...]:
        return self._door.datagram(port, content, most=most, seconds=seconds)


def hasty(seconds: float = 0.5) -> Hasty:
    """Return the real door to loopback for who is not patient."""
    return Hasty(seconds)


def certificate(folder: Path) -> ssl.SSLContext:
    """Return what a server needs to speak TLS with a certificate of its own."""
    key, chain = folder / "key.pem", folder / "chain.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=mail.test"),
            *("-keyout", str(key), "-out", str(chain)),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def _serve(place: socket.socket, speak: Speak, tls: ssl.SSLContext | None) -> None:
    def one(wire: socket.socket) -> None:
        wire.settimeout(10)
        with suppress(OSError), wire:
            if tls is None:
                speak(wire)
                return
            with tls.wrap_socket(wire, server_side=True) as inside:
                speak(inside)

    with suppress(OSError):
        while True:
            wire, _ = place.accept()
            threading.Thread(target=one, args=(wire,), daemon=True).start()


@contextmanager
def speaking(speak: Speak, *, tls: bool = False) -> Iterator[int]:
    """Run a server that lets each client meet `speak`; give its port."""
    with TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as at:
        context = certificate(Path(folder)) if tls else None
        thread = threading.Thread(target=_serve, args=(at, speak, context), daemon=True)
        thread.start()
        try:
            yield at.getsockname()[1]
        finally:
            # Closing alone would leave the thread in accept.
            with suppress(OSError):
                at.shutdown(socket.SHUT_RDWR)
            thread.join(2)


def says(words: bytes) -> Speak:
    """Say one thing, then wait until the client leaves."""

    def speak(wire: socket.socket) -> None:
        wire.sendall(words)
        while wire.recv(4096):
            pass

    return speak


def answers(words: bytes, to: bytes = b"") -> Speak:
    """Say nothing until something is asked that begins so; else close."""

    def speak(wire: socket.socket) -> None:
        asked = wire.recv(4096)
        if asked.startswith(to):
            wire.sendall(words)
            while wire.recv(4096):
                pass

    return speak


def endless(words: bytes) -> Speak:
    """Say the same for ever."""

    def speak(wire: socket.socket) -> None:
        while True:
            wire.sendall(words)

    return speak


def dripping(words: bytes) -> Speak:
    """Say one byte at a time, each after a while."""

    def speak(wire: socket.socket) -> None:
        pause = threading.Event()
        for byte in words * 100:
            wire.sendall(bytes((byte,)))
            pause.wait(0.1)

    return speak
