"""Files of another server: https with a good certificate, whole, bounded."""

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.patches.signing import NOW, SITE, catalog, signature
from zmward.doors.download import downloaded
from zmward.engine.catalog import active, update
from zmward.errors import Refused


class _Mirror(http.server.BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, tuple[int, bytes, dict[str, str]]]] = {}

    def do_GET(self) -> None:
        status, content, headers = self.answers.get(self.path, (404, b"", {}))
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        for number in range(len(content)):
            if "X-Slow" in headers:
                time.sleep(0.1)
                self.wfile.write(content[number : number + 1])
        if "X-Slow" not in headers:
            self.wfile.write(content)

    def handle(self) -> None:
        with suppress(OSError):  # a reader that has left
            super().handle()

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a mirror")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "mirror.crt", folder / "mirror.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    certificate, private = _certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Mirror)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
    _Mirror.answers.clear()


def test_a_catalog_is_taken_from_a_mirror(mirror: str) -> None:
    content = catalog()
    _Mirror.answers["/c.json?of=today"] = (200, content, {})
    _Mirror.answers["/c.json.sig?of=today"] = (200, signature(content), {})
    assert update(f"{mirror}/c.json?of=today", SITE, NOW).serial == 7
    assert active(SITE).serial == 7


def test_what_is_not_there_is_refused(mirror: str) -> None:
    with pytest.raises(Refused, match="answered 404"):
        downloaded(f"{mirror}/nothing", 10)


def test_no_redirect_is_followed(mirror: str) -> None:
    _Mirror.answers["/moved"] = (302, b"", {"Location": f"{mirror}/c.json"})
    _Mirror.answers["/c.json"] = (200, b"{}", {})
    with pytest.raises(Refused, match="answered 302"):
        downloaded(f"{mirror}/moved", 10)


def test_too_much_is_refused(mirror: str) -> None:
    _Mirror.answers["/large"] = (200, b"x" * 11, {})
    with pytest.raises(Refused, match="more than 10 bytes"):
        downloaded(f"{mirror}/large", 10)
    assert downloaded(f"{mirror}/large", 11) == b"x" * 11


def test_what_breaks_off_is_refused(mirror: str) -> None:
    _Mirror.answers["/half"] = (200, b"half", {"Content-Length": "8"})
    with pytest.raises(Refused):
        downloaded(f"{mirror}/half", 10)


def test_an_unknown_authority_is_refused(
    mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    _Mirror.answers["/c.json"] = (200, b"{}", {})
    with pytest.raises(Refused, match="could not be fetched"):
        downloaded(f"{mirror}/c.json", 10)


def test_a_mirror_that_drips_is_left(mirror: str) -> None:
    _Mirror.answers["/slow"] = (200, b"x" * 100, {"X-Slow": "yes"})
    began = time.monotonic()
    with pytest.raises(Refused):
        downloaded(f"{mirror}/slow", 1000, seconds=0.5)
    assert time.monotonic() - began < 4


def test_a_mirror_that_never_speaks_is_left(mirror: str) -> None:
    del mirror
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(Refused, match="could not be fetched"):
            downloaded(f"https://127.0.0.1:{port}/c", 10, seconds=0.5)
        assert time.monotonic() - began < 4
