"""TLS servers on loopback: OpenSSL's, Python's, and such as speak from a list."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from zmward.doors.network import Network, Pace
from zmward.scan.line import Ask, Line
from zmward.scan.tls import TlsShown, look
from zmward.scan.tls_shown import Trust

HOST = "mail.example.test"
NOW = datetime.now(UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Hasty(Network):
    """The real door, by somebody who waits for no longer than a moment."""

    def connect(
        self, port: int, *, tls: str | None = None, seconds: float = 5.0
    ) -> Any:
        return super().connect(port, tls=tls, seconds=min(seconds, 0.15))


class Counting(Network):
    """The real door, which counts who goes through."""

    count = 0

    def connect(
        self, port: int, *, tls: str | None = None, seconds: float = 5.0
    ) -> Any:
        self.count += 1
        return super().connect(port, tls=tls, seconds=seconds)


def shown(
    port: int,
    starttls: str = "",
    trust: Trust | None = None,
    *,
    host: str = HOST,
    hasty: bool = False,
    every: bool = False,
) -> TlsShown:
    """Look at a port of loopback by the real door."""
    dial = (Hasty if hasty else Network)("127.0.0.1", Pace(10_000))
    tls = not starttls
    return look(
        *(dial, port, Ask(host)),
        tls=tls,
        starttls=starttls,
        trust=trust,
        every=every,
    )


def states(found: TlsShown) -> dict[str, str]:
    return {one.name: one.state for one in found.protocols}


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class Authority:
    """An authority of our own, and the folder for what it signs."""

    folder: Path
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def sign(
        self,
        kind: str,
        key: Key,
        *,
        days: tuple[int, int] = (-10, 80),
        serial: int | None = None,
    ) -> x509.Certificate:
        """Sign a certificate and lay it with its key into the folder."""
        made = (
            x509.CertificateBuilder()
            .subject_name(_name(HOST))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(NOW + timedelta(days=days[0]))
            .not_valid_after(NOW + timedelta(days=days[1]))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)  # noqa: FBT003
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.key.public_key()
                ),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        text = made.public_bytes(Encoding.PEM)
        (self.folder / f"{kind}.crt").write_bytes(text)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / f"{kind}.key").write_bytes(private)
        return made

    def staple(self, leaf: x509.Certificate) -> Path:
        """Write a good answer of OCSP for a certificate."""
        made = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                leaf,
                self.certificate,
                hashes.SHA256(),
                ocsp.OCSPCertStatus.GOOD,
                NOW,
                NOW + timedelta(days=1),
                None,
                None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.NAME, self.certificate)
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / "staple"
        path.write_bytes(made.public_bytes(Encoding.DER))
        return path


def authority(folder: Path) -> Authority:
    """Make an authority that signs for servers."""
    key = rsa.generate_private_key(65537, 2048)
    usage = x509.KeyUsage(
        **dict.fromkeys(
            (
                *("digital_signature", "content_commitment", "key_encipherment"),
                *("data_encipherment", "key_agreement", "encipher_only"),
                "decipher_only",
            ),
            False,
        ),
        key_cert_sign=True,
        crl_sign=True,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(_name("Example CA"))
        .issuer_name(_name("Example CA"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=20))
        .not_valid_after(NOW + timedelta(days=900))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    found = Authority(folder, key, made)
    (folder / "ca.crt").write_text(found.pem)
    return found


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def openssl(place: Authority, *words: str) -> Iterator[int]:
    """Run `openssl s_server` with the RSA certificate and some options of its own."""
    port = free()
    own = ["-cert", "rsa.crt", "-key", "rsa.key", "-cert_chain", "ca.crt", "-quiet"]
    argv = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", *own, *words]
    silent = subprocess.DEVNULL
    process = subprocess.Popen(
        argv, cwd=place.folder, stdin=subprocess.PIPE, stdout=silent, stderr=silent
    )
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.communicate()


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Let a function talk with everybody who comes, one after another."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        stopped = False

        def serve() -> None:
            while not stopped:
                with suppress(OSError):
                    wire, _ = listener.accept()
                    with wire:
                        wire.settimeout(2)
                        talk(wire)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            stopped = True
            with suppress(OSError):
                socket.create_connection(listener.getsockname(), 1).close()
            thread.join(3)


def heard(wire: socket.socket) -> bytes:
    """Return the ClientHello that came, without the record's header."""
    header = wire.recv(5, socket.MSG_WAITALL)
    return wire.recv(int.from_bytes(header[3:5], "big"), socket.MSG_WAITALL)


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """Answer each hello with the next of some bytes; the last one for ever."""
    left = list(answers)

    def talk(wire: socket.socket) -> None:
        if heard(wire):
            wire.sendall(left.pop(0) if len(left) > 1 else left[0])

    with serving(talk) as port:
        yield port


def modern(place: Authority) -> ssl.SSLContext:
    """Return a context of a server that speaks TLS 1.2 and 1.3."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place.folder / "rsa.crt", place.folder / "rsa.key")
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    return context


class Listed(Line):
    """A line whose other side says what a list holds, then hangs up."""

    def __init__(self, content: bytes) -> None:
        from zmward.scan.line import Ended  # noqa: PLC0415

        self._content, self._ended = content, Ended
        self.sent = b""

    exchanges = ()
    spent = 0.0

    def send(self, content: bytes, *, secret: bool = False) -> None:
        del secret
        self.sent += content

    def exactly(self, count: int) -> bytes:
        if count > len(self._content):
            raise self._ended("it closed the connection")
        found, self._content = self._content[:count], self._content[count:]
        return found

    def some(self, most: int = 65_536) -> bytes:
        return self.exactly(min(most, 1))

    def line(self) -> bytes:
        end = self._content.find(b"\n")
        return self.exactly(end + 1 if end >= 0 else 1 << 30).rstrip(b"\r\n")

    def secure(self, name: str) -> None:
        raise NotImplementedError(name)


def record(content: bytes, kind: int = 22, version: int = 0x0303) -> bytes:
    return (
        bytes((kind,))
        + version.to_bytes(2, "big")
        + len(content).to_bytes(2, "big")
        + content
    )


def message(kind: int, content: bytes) -> bytes:
    return bytes((kind,)) + len(content).to_bytes(3, "big") + content


def server_hello(
    version: int,
    cipher: int,
    *,
    compression: int = 0,
    extensions: Sequence[tuple[int, bytes]] = (),
) -> bytes:
    content = version.to_bytes(2, "big") + b"r" * 32 + b"\0"
    content += cipher.to_bytes(2, "big") + bytes((compression,))
    inner = b"".join(
        kind.to_bytes(2, "big") + len(text).to_bytes(2, "big") + text
        for kind, text in extensions
    )
    return message(
        2, content + (len(inner).to_bytes(2, "big") + inner if inner else b"")
    )


DONE = message(14, b"")
REFUSED = record(b"\2\x46", 21)
