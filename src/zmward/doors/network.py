"""The door to other machines' ports: every conversation ends in time and in memory."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from zmward.errors import Unreachable
from zmward.reports.plain import visible
from zmward.scan.line import Babble, Ended, Exchange, Line, Silent, TooMuch

_MOST = 524_288
_LINE = 4096
_CHUNK = 65_536
_SHOWN = 600
_EXCHANGES = 60
# More than any mail server has; its name server could have one scan the world.
_ADDRESSES = 16


class Pace:
    """At most so many new conversations a second, over all threads."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait for the turn."""
        with self._lock:
            now = time.monotonic()
            mine = max(self._next, now)
            self._next = mine + self._gap
        if mine > now:
            time.sleep(mine - now)


def printable(content: bytes) -> str:
    """Return bytes as people can read them, at most 600 characters."""
    text = content[: _SHOWN + 1].decode("utf-8", "surrogateescape")
    shown = visible(text.replace("\r\n", "\n"))
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"


def _lenient() -> ssl.SSLContext:
    """Return a context that speaks with whatever a server still offers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # SSL_OP_LEGACY_SERVER_CONNECT, which Python names from 3.12 on.
    context.options |= 0x4
    with suppress(ssl.SSLError, ValueError):
        context.set_ciphers("ALL:@SECLEVEL=0")
    # Python warns of old protocols; here they are what is looked for.
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return context


class _Secured(ssl.SSLSocket):
    """The ssl module's socket, closed where its connection is gone before it begins.

    The module itself looks for that, and then loses the socket without closing it.
    """

    def getpeername(self) -> Any:
        try:
            return super().getpeername()
        except OSError as error:
            self.close()
            raise ConnectionAbortedError("broken off") from error


class _Wire:
    """A Line over a socket."""

    def __init__(
        self, wire: socket.socket, port: int, until: float, *, strict: bool
    ) -> None:
        self._wire = wire
        self._strict = strict
        self._port = port
        self._until = until
        self._since = time.monotonic()
        self._rest = b""
        self._taken = 0
        self._said: list[tuple[str, bytes]] = [("", b"")]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(
            Exchange(self._port, sent, printable(received))
            for sent, received in self._said
            if sent or received
        )

    @property
    def spent(self) -> float:
        return time.monotonic() - self._since

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise Silent("the time was over")
        return left

    def send(self, content: bytes, *, secret: bool = False) -> None:
        # A secret of one word has no first word that may be told.
        first, _, rest = content.partition(b" ")
        hidden = first + b" (not shown)" if rest else b"(not shown)"
        shown = hidden if secret else content
        if len(self._said) < _EXCHANGES:
            self._said.append((printable(shown), b""))
        try:
            self._wire.settimeout(self._left())
            self._wire.sendall(content)
        except TimeoutError as error:
            raise Silent("it takes nothing in") from error
        except OSError as error:
            raise Ended("it closed the connection") from error

    def _more(self) -> None:
        if self._taken >= _MOST:
            raise TooMuch(f"it sent more than {_MOST // 1024} KiB")
        try:
            self._wire.settimeout(self._left())
            found = self._wire.recv(_CHUNK)
        except TimeoutError as error:
            raise Silent("it said nothing in time") from error
        except OSError as error:
            raise Ended("it broke the connection off") from error
        if not found:
            raise Ended("it closed the connection")
        self._taken += len(found)
        self._rest += found

    def _take(self, count: int) -> bytes:
        found, self._rest = self._rest[:count], self._rest[count:]
        sent, received = self._said[-1]
        if len(received) <= _SHOWN:
            self._said[-1] = (sent, received + found[: _SHOWN + 1])
        return found

    def line(self) -> bytes:
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > _LINE:
                raise TooMuch(f"it sent a line of more than {_LINE} bytes")
            self._more()
        if end > _LINE:
            raise TooMuch(f"it sent a line of more than {_LINE} bytes")
        return self._take(end + 1).rstrip(b"\r\n")

    def some(self, most: int = _CHUNK) -> bytes:
        if not self._rest:
            self._more()
        return self._take(most)

    def exactly(self, count: int) -> bytes:
        if count > _MOST:
            raise TooMuch(f"it announced {count} bytes")
        while len(self._rest) < count:
            self._more()
        return self._take(count)

    def secure(self, name: str) -> None:
        if self._rest:
            raise Babble("it went on in the clear where TLS should begin")
        try:
            self._wire.settimeout(self._left())
            context = ssl.create_default_context() if self._strict else _lenient()
            context.sslsocket_class = _Secured
            wrapped = context.wrap_socket(
                self._wire,
                server_hostname=name or None,
                do_handshake_on_connect=False,
            )
            self._wire = wrapped
            wrapped.do_handshake()
        except TimeoutError as error:
            raise Silent("no TLS handshake in time") from error
        except (OSError, ValueError) as error:
            text = getattr(error, "reason", None) or "broken off"
            raise Babble(f"no TLS handshake: {text}") from error

    def close(self) -> None:
        with suppress(OSError):
            self._wire.close()


def resolve(name: str) -> tuple[str, ...]:
    """Return every address of a name, IPv4 first; raise Unreachable without any."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or "it is no name"
        raise Unreachable(
            f"{name} has no address: {said}. Give its name or an address."
        ) from error
    places = {str(row[4][0]) for row in found}
    if len(places) > _ADDRESSES:
        raise Unreachable(
            f"{name} has {len(places)} addresses: give the addresses that are meant."
        )
    return tuple(sorted(places, key=lambda place: (":" in place, place)))


class Network:
    """The way to one address; `pace` is shared by everything that one run opens.

    `strict`: TLS is only spoken with whom a known authority certifies by the name that
    is asked for, as before a password is sent.
    """

    def __init__(self, address: str, pace: Pace, *, strict: bool = False) -> None:
        self._strict = strict
        self._address = address
        self._pace = pace
        self._family = socket.AF_INET6 if ":" in address else socket.AF_INET

    @property
    def address(self) -> str:
        """Return the address."""
        return self._address

    def source(self) -> str:
        """Return the own address from which this one is reached; empty if unknown."""
        try:
            with socket.socket(self._family, socket.SOCK_DGRAM) as probe:
                probe.connect((self._address, 9))
                return str(probe.getsockname()[0]).partition("%")[0]
        except OSError:
            return ""

    @contextmanager
    def connect(
        self, port: int, *, tls: str | None = None, seconds: float = 5.0
    ) -> Iterator[Line]:
        """Open a connection that is closed at the end, whatever happened."""
        self._pace.wait()
        until = time.monotonic() + seconds
        try:
            wire = socket.create_connection((self._address, port), seconds)
        except TimeoutError as error:
            raise Silent("nobody took the connection in time") from error
        except OSError as error:
            raise Ended("nobody took the connection") from error
        line = _Wire(wire, port, until, strict=self._strict)
        try:
            if tls is not None:
                line.secure(tls)
            yield line
        finally:
            line.close()

    def datagram(
        self, port: int, content: bytes, *, most: int = 4096, seconds: float = 1.0
    ) -> tuple[bytes, ...]:
        """Send one datagram; return what came back, at most so many bytes in all."""
        self._pace.wait()
        until = time.monotonic() + seconds
        found: list[bytes] = []
        with socket.socket(self._family, socket.SOCK_DGRAM) as wire:
            try:
                wire.connect((self._address, port))
                wire.send(content)
                while sum(map(len, found)) < most:
                    wire.settimeout(max(until - time.monotonic(), 0.001))
                    found.append(wire.recv(_CHUNK))
            except TimeoutError:
                return tuple(found)
            except OSError as error:
                if not found:
                    raise Ended("nobody listens there") from error
        return tuple(found)
