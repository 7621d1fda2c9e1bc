"""What IMAP, POP3 and LMTP share: lines, literals, STARTTLS, blocking calls."""

import asyncio
import ssl
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from .core import Mailboxd
from .listeners import Listener
from .origin import jetty_address

MAXIMUM_LINE = 8192
IDLE_SECONDS = 300

T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """What every connection of a line protocol needs."""

    mailboxd: Mailboxd
    executor: Executor
    tls: ssl.SSLContext


class Connection:
    """One client, before and after it asked for TLS."""

    def __init__(
        self,
        services: Services,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        listener: Listener,
    ) -> None:
        self.services = services
        self.mailboxd = services.mailboxd
        self.listener = listener
        self.secure = listener.secure
        self._reader = reader
        self._writer = writer
        # Java prints IPv6 in full, here without Jetty's brackets.
        self.peer = jetty_address(writer.get_extra_info("peername")[0]).strip("[]")

    async def line(self) -> str | None:
        """Read a line; None at the end of the connection."""
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                raw = await self._reader.readuntil(b"\n")
        except (
            OSError,
            TimeoutError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
        ):
            return None
        return raw.decode("utf-8", "replace").rstrip("\r\n")

    async def octets(self, number: int) -> str:
        """Read a literal."""
        return (await self._reader.readexactly(number)).decode("utf-8", "replace")

    async def send(self, text: str) -> None:
        """Write one line."""
        self._writer.write(text.encode() + b"\r\n")
        await self._writer.drain()

    async def start_tls(self) -> None:
        """Wrap the connection; what was sent too early is thrown away."""
        await self._writer.drain()
        # Commands pipelined before the handshake must not be executed after it.
        buffered: bytearray = vars(self._reader)["_buffer"]
        buffered.clear()
        await self._writer.start_tls(self.services.tls)
        self.secure = True

    async def blocking(self, function: Callable[[], T]) -> T:
        """Run a call that asks the directory."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.services.executor, function)

    def close(self) -> None:
        """End the connection."""
        self._writer.close()
