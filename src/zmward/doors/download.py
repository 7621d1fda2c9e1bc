"""The door to a file of another server: https alone, bounded, no redirects."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from zmward.errors import Refused, Usage

_SECONDS: Final = 15.0
_WHOLE: Final = 120.0
_OK: Final = 200
_HTTPS: Final = 443


def _end(connected: ssl.SSLSocket) -> None:
    # The socket's own method would go on without TLS.
    with suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


@contextmanager
def _connected(host: str, port: int, seconds: float) -> Iterator[ssl.SSLSocket]:
    """Give a connection that ends by itself: each byte of it may be late."""
    context = ssl.create_default_context()
    raw = socket.create_connection((host, port), timeout=min(_SECONDS, seconds))
    with closing(
        context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
    ) as connected:
        over = threading.Timer(seconds, _end, (connected,))
        over.daemon = True
        over.start()
        try:
            connected.do_handshake()
            yield connected
        finally:
            over.cancel()


def place(url: str) -> SplitResult:
    """Return the parts of an address; only https with a plain name is one."""
    try:
        found = urlsplit(url)
        _ = found.port
    except ValueError as error:
        raise Usage(f"{url!r} is no address: {error}.") from error
    if found.scheme != "https" or not found.hostname or found.username is not None:
        raise Usage(f"{url!r} is no address of the kind https://HOST/PATH.")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise Usage(f"{url!r} holds characters that no address has.")
    return found


def _whole(answer: http.client.HTTPResponse, most: int, url: str) -> bytes:
    if answer.status != _OK:
        raise Refused(f"{url} answered {answer.status}: nothing was taken.")
    content = answer.read(most + 1)
    if len(content) > most:
        raise Refused(f"{url} gives more than {most} bytes: nothing was taken.")
    if answer.length:
        raise Refused(f"{url} broke off in the middle: nothing was taken.")
    return content


def downloaded(url: str, most: int, *, seconds: float = _WHOLE) -> bytes:
    """Return the whole content of an address; refuse anything else than that."""
    parts = place(url)
    host, port = parts.hostname or "", parts.port or _HTTPS
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    connection = http.client.HTTPSConnection(host, port)
    try:
        with _connected(host, port, seconds) as connection.sock:
            connection.request("GET", path, headers={"User-Agent": "zmward"})
            return _whole(connection.getresponse(), most, url)
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = str(error) or type(error).__name__
        raise Refused(
            f"{url} could not be fetched: {said}. Nothing was taken."
        ) from error
