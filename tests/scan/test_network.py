"""The door to ports: before a password is sent, somebody known must vouch for TLS."""

import gc
import socket
import struct
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.scan.tls_servers import HOST, authority, modern, serving
from zmward.doors.network import Network, Pace
from zmward.scan.line import Babble

ADDRESS = "127.0.0.1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Give a port inside TLS, and the file of the authority that vouches for it."""
    own = authority(tmp_path)
    own.sign("rsa", rsa.generate_private_key(65537, 2048))
    context = modern(own)

    def talk(wire: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(wire, server_side=True) as inside:
            inside.sendall(b"hello\r\n")

    with serving(talk) as port:
        yield port, tmp_path / "ca.crt"


def greeted(port: int, name: str, *, strict: bool) -> bytes:
    door = Network(ADDRESS, Pace(1000), strict=strict)
    with door.connect(port, tls=name, seconds=5) as line:
        return line.line()


def test_a_stranger_is_talked_with_but_not_believed(server: tuple[int, Path]) -> None:
    port, _ = server
    assert greeted(port, HOST, strict=False) == b"hello"
    with pytest.raises(Babble, match="TLS"):
        greeted(port, HOST, strict=True)


def test_who_is_vouched_for_is_believed_by_its_own_name_only(
    server: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, vouches = server
    monkeypatch.setenv("SSL_CERT_FILE", str(vouches))
    assert greeted(port, HOST, strict=True) == b"hello"
    for name in ("other.example.test", ADDRESS):
        with pytest.raises(Babble, match="TLS"):
            greeted(port, name, strict=True)


def test_without_any_name_nobody_is_believed(
    server: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, vouches = server
    monkeypatch.setenv("SSL_CERT_FILE", str(vouches))
    with pytest.raises(Babble):
        greeted(port, "", strict=True)


def test_a_connection_that_is_gone_before_tls_is_closed_not_lost() -> None:
    """A reset may come between any two calls; ssl's own socket is then never closed."""
    connected = threading.Event()

    def breaks(wire: socket.socket) -> None:
        connected.wait(5)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.close()

    door = Network(ADDRESS, Pace(1000))
    gc.collect()  # what other tests left behind is none of this one's
    with warnings.catch_warnings(record=True) as told, serving(breaks) as port:
        warnings.simplefilter("always", ResourceWarning)
        with door.connect(port) as line:
            connected.set()
            time.sleep(0.2)
            with pytest.raises(Babble, match="TLS"):
                line.secure(HOST)
        gc.collect()
    assert not told
