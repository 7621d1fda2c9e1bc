"""The door to the policy of MTA-STS: one page of another server, by its own name."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final
from urllib.parse import urlsplit

from zmward.scan.line import AGENT

_SECONDS: Final = 5.0
_WHOLE: Final = 10.0
_MOST: Final = 65_536
_OK: Final = 200


@contextmanager
def _ended(connection: http.client.HTTPSConnection) -> Iterator[None]:
    """End a connection that comes to no end by itself: each byte may be late."""
    connection.connect()
    over = threading.Timer(_WHOLE, connection.sock.shutdown, (socket.SHUT_RDWR,))
    over.start()
    try:
        yield
    finally:
        over.cancel()


def fetched(url: str) -> str | None:
    """Return the text of a page; None where it is not there, or nobody may believe it.

    The certificate must be good and no redirect is followed (RFC 8461, 3.3).
    """
    place = urlsplit(url)
    if place.scheme != "https" or not place.hostname:
        return None
    context = ssl.create_default_context()
    connection = http.client.HTTPSConnection(
        place.hostname, timeout=_SECONDS, context=context
    )
    try:
        with closing(connection), _ended(connection):
            connection.request("GET", place.path, headers={"User-Agent": AGENT})
            answer = connection.getresponse()
            content = answer.read(_MOST)
    except (OSError, http.client.HTTPException, ValueError):
        return None
    return content.decode("utf-8", "replace") if answer.status == _OK else None
