"""The one connection to memcached that a mailbox server keeps for its caches."""

import asyncio
from collections.abc import Sequence

_PORT = 11211
_LONGEST = 5.0
_LIFETIME = 3600


class Memcache:
    """A cache shared with other servers; without it, all works but slower."""

    def __init__(self, servers: Sequence[str]) -> None:
        """Take the values of zimbraMemcachedClientServerList; none means no cache."""
        self._servers = servers
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def connect(self) -> None:
        """Connect, as the real client does at its start."""
        if self._servers and self._ends is None:
            host, _, port = self._servers[0].partition(":")
            opening = asyncio.open_connection(host, int(port or _PORT))
            self._ends = await asyncio.wait_for(opening, _LONGEST)

    async def put(self, key: str, value: str) -> bool:
        """Keep a value and say whether that was done; a lost server is tried anew."""
        if not self._servers:
            return False
        async with self._turn:
            try:
                await self.connect()
                return await asyncio.wait_for(self._stored(key, value), _LONGEST)
            except (OSError, EOFError, TimeoutError):
                self.close()
                return False

    async def _stored(self, key: str, value: str) -> bool:
        if self._ends is None:
            return False
        reader, writer = self._ends
        content = value.encode()
        head = f"set {key} 0 {_LIFETIME} {len(content)}\r\n".encode()
        writer.write(head + content + b"\r\n")
        await writer.drain()
        reply = await reader.readline()
        if not reply:
            raise EOFError("memcached hung up")
        return reply == b"STORED\r\n"

    def close(self) -> None:
        """End the connection."""
        if self._ends is not None:
            self._ends[1].close()
        self._ends = None
