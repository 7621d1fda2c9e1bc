"""A loopback server that speaks one line for one command, honest or hostile."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from zmward.doors.network import Network, Pace
from zmward.scan.line import Ask, Line

ASK = Ask("mail.example.test", ("example.test",))
Answer = bytes | Callable[[bytes], bytes]


class Hasty:
    """The real way to loopback, with less patience than the dialogues have.

    `at` is the port that is meant by whatever port is named.
    """

    def __init__(self, seconds: float = 2.0, at: int = 0) -> None:
        self._at = at
        self._network = Network("127.0.0.1", Pace(1000))
        self._seconds = seconds

    @property
    def address(self) -> str:
        return self._network.address

    def connect(
        self, port: int, *, tls: str | None = None, seconds: float = 5.0
    ) -> AbstractContextManager[Line]:
        hurried = min(seconds, self._seconds)
        return self._network.connect(self._at or port, tls=tls, seconds=hurried)

    def datagram(
        self, port: int, content: bytes, *, most: int = 4096, seconds: float = 1.0
    ) -> tuple[bytes, ...]:
        return self._network.datagram(port, content, most=most, seconds=seconds)


@cache
def certificate() -> bytes:
    """Return a key and a certificate of our own, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return secret + signed.public_bytes(serialization.Encoding.PEM)


class Server:
    """What a server says: a greeting, and an answer for the start of a command.

    `words` of an answer may hold {tag}. Behind a command of `starts` TLS begins, and
    then `inside` counts; with `keeps` what was sent too early is obeyed there.
    """

    def __init__(
        self,
        greeting: bytes | Iterator[bytes],
        answers: Mapping[bytes, Answer],
        *,
        inside: Mapping[bytes, Answer] | None = None,
        pem: Path | None = None,
        tls: bool = False,
        keeps: bool = False,
    ) -> None:
        self.greeting = greeting
        self.answers = answers
        self.inside = inside if inside is not None else answers
        self.keeps = keeps
        self.tls = tls
        self.heard: list[bytes] = []
        self.connections = 0
        self._pem = pem
        self._wires: list[socket.socket] = []

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        assert self._pem
        context.load_cert_chain(self._pem)
        return context

    def serve(self, wire: socket.socket) -> None:
        """Speak with one client until it leaves."""
        try:
            self._speak(wire)
        finally:
            for one in self._wires:
                one.close()

    def _secured(self, wire: socket.socket) -> socket.socket:
        self._wires.append(self._context().wrap_socket(wire, server_side=True))
        return self._wires[-1]

    def _speak(self, wire: socket.socket) -> None:
        answers, rest = self.answers, b""
        if self.tls:
            wire, answers = self._secured(wire), self.inside
        told = self.greeting
        wire.sendall(told if isinstance(told, bytes) else next(told))
        while True:
            while b"\n" not in rest:
                more = wire.recv(65536)
                if not more:
                    return
                rest += more
            line, _, rest = rest.partition(b"\n")
            line = line.strip()
            self.heard.append(line)
            tag, command = self._parts(line)
            said = self._answer(answers, command)
            wire.sendall(said.replace(b"{tag}", tag))
            if (
                self._pem
                and command in (b"STARTTLS", b"STLS")
                and said.strip()[:1] in b"2+{"
            ):
                rest = rest if self.keeps else b""
                wire, answers = self._secured(wire), self.inside
            if command in (b"QUIT", b"LOGOUT"):
                wire.close()
                return

    def _parts(self, line: bytes) -> tuple[bytes, bytes]:
        first, _, rest = line.partition(b" ")
        return (first, rest) if first[:1] == b"z" else (b"", line)

    def _answer(self, answers: Mapping[bytes, Answer], command: bytes) -> bytes:
        for start, answer in answers.items():
            if start and command.startswith(start):
                return answer if isinstance(answer, bytes) else answer(command)
        return answers[b""] if isinstance(answers[b""], bytes) else b""


def words(found: object) -> str:
    """Return every text in an observation, unescaped."""
    plain = msgspec.to_builtins(found)
    if isinstance(plain, dict):
        return "".join(words(one) for pair in plain.items() for one in pair)
    if isinstance(plain, list | tuple):
        return "".join(map(words, plain))
    return str(plain)


@contextmanager
def served(server: Server) -> Iterator[int]:
    """Let a server speak on a port of loopback; each client has its own thread."""
    gate = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def one(wire: socket.socket) -> None:
        with suppress(OSError), wire:
            wire.settimeout(5)
            server.serve(wire)

    def accept() -> None:
        with suppress(OSError):
            while True:
                wire, _ = gate.accept()
                server.connections += 1
                threads.append(threading.Thread(target=one, args=(wire,), daemon=True))
                threads[-1].start()

    taker = threading.Thread(target=accept, daemon=True)
    taker.start()
    try:
        yield int(gate.getsockname()[1])
    finally:
        with suppress(OSError):
            gate.shutdown(socket.SHUT_RDWR)
        gate.close()
        taker.join(5)
        for thread in threads:
            thread.join(6)
