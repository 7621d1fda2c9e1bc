"""Opens the listeners and gives each connection to its protocol."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from .core import Mailboxd
from .http_protocol import serve_http
from .imap import Imap
from .line_protocol import Connection, Services
from .listeners import Listener
from .lmtp import Lmtp
from .pop3 import Pop3
from .web import Web

_SPEAKERS: dict[str, Callable[[Connection, int], Imap | Pop3 | Lmtp]] = {
    "imap": Imap,
    "pop3": Pop3,
    "lmtp": Lmtp,
}
_LIMIT = 64 * 1024

Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """The running mailbox server."""

    def __init__(self, mailboxd: Mailboxd, tls: ssl.SSLContext) -> None:
        # One thread owns the directory: LDAP handles are not to be shared.
        self._executor = ThreadPoolExecutor(max_workers=1)
        self._services = Services(mailboxd, self._executor, tls)
        self._web = Web(mailboxd, self._executor)
        self._numbers = count(1)
        self._servers: list[asyncio.Server] = []

    async def open(self, listeners: list[Listener]) -> list[int]:
        """Start to listen; the ports are those that were really given."""
        with contextlib.suppress(OSError, TimeoutError):
            await self._services.mailboxd.cache.connect()
        ports = []
        only_ipv4 = self._services.mailboxd.only_ipv4
        for listener in listeners:
            server = await self._listen(listener, bound(listener, only_ipv4=only_ipv4))
            self._servers.append(server)
            ports.append(server.sockets[0].getsockname()[1])
        return ports

    async def close(self) -> None:
        """Stop to listen and end the thread."""
        for server in self._servers:
            server.close()
        self._services.mailboxd.cache.close()
        self._executor.shutdown()

    async def _listen(self, listener: Listener, place: socket.socket) -> asyncio.Server:
        return await asyncio.start_server(
            self._client(listener),
            sock=place,
            ssl=self._services.tls if listener.secure else None,
            limit=_LIMIT,
        )

    def _client(self, listener: Listener) -> Client:
        async def speak(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            speaker = _SPEAKERS.get(listener.role)
            if speaker is None:
                await serve_http(reader, writer, listener, self._web.answer)
                return
            connection = Connection(self._services, reader, writer, listener)
            try:
                await speaker(connection, next(self._numbers)).run()
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                connection.close()

        return speak


def bound(listener: Listener, *, only_ipv4: bool) -> socket.socket:
    """Bind as Java does: one dual socket, unless told to keep to IPv4."""
    address = listener.address or ("0.0.0.0" if only_ipv4 else "::")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    place = socket.socket(family, socket.SOCK_STREAM)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            place.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        place.bind((address.strip("[]"), listener.port))
    except OSError:
        place.close()
        raise
    return place
