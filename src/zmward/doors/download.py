"""The door to a file of another server: https alone, bounded, no redirects."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final
from urllib.parse import SplitResult, urlsplit

from zmward.errors import Refused, Usage

_SECONDS: Final = 15.0
_WHOLE: Final = 120.0
_OK: Final = 200


@contextmanager
def _ended(connection: http.client.HTTPSConnection) -> Iterator[None]:
    """End a connection that comes to no end by itself: each byte may be late."""
    connection.connect()
    over = threading.Timer(_WHOLE, connection.sock.shutdown, (socket.SHUT_RDWR,))
    over.daemon = True
    over.start()
    try:
        yield
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


def downloaded(url: str, most: int) -> bytes:
    """Return the whole content of an address; refuse anything else than that."""
    parts = place(url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    connection = http.client.HTTPSConnection(
        parts.hostname or "",
        parts.port,
        timeout=_SECONDS,
        context=ssl.create_default_context(),
    )
    try:
        with closing(connection), _ended(connection):
            connection.request("GET", path, headers={"User-Agent": "zmward"})
            return _whole(connection.getresponse(), most, url)
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = str(error) or type(error).__name__
        raise Refused(
            f"{url} could not be fetched: {said}. Nothing was taken."
        ) from error
