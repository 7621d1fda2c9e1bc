"""The hop behind nginx's mail proxy: tells the origin address, then TLS onwards.

nginx announces the client in a PROXY line and sends the login by itself.
The relay takes the user from it, connects to the back end, sends what Zimbra's
nginx would send (IMAP ``ID``, POP3 ``XOIP``) and repeats the login.
"""

import asyncio
import contextlib
import re
import ssl
from dataclasses import dataclass

from .lookup import Route, Routes

LONGEST = 60
VIA = "127.0.0.1(nginx/1.22.1)"
_PROXY = re.compile(rb"PROXY TCP[46] (\S+) \S+ \d+ \d+\r\n")
_LITERAL = re.compile(rb"(\S+) LOGIN \{(\d+)\}\r\n")


@dataclass(frozen=True)
class Side:
    """One end of the relay."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, text: bytes) -> None:
        """Send bytes and wait until they are on their way."""
        self.writer.write(text)
        await self.writer.drain()

    async def line(self) -> bytes:
        """Return the next line, EOFError when there is none."""
        found = await asyncio.wait_for(self.reader.readline(), LONGEST)
        if not found:
            raise EOFError("the other side hung up")
        return found


async def _origin(near: Side) -> str:
    found = _PROXY.fullmatch(await near.line())
    return found[1].decode() if found else "127.0.0.1"


async def connect(route: Route) -> Side:
    """Connect to the back end over TLS, without looking at its certificate."""
    blind = ssl._create_unverified_context()  # noqa: S323, SLF001 -- as nginx does
    opening = asyncio.open_connection(route.host, route.port, ssl=blind)
    return Side(*await asyncio.wait_for(opening, LONGEST))


async def imap(near: Side, routes: Routes) -> None:
    """Relay one IMAP session."""
    origin = await _origin(near)
    await near.say(b"* OK IMAP4rev1 relay ready\r\n")
    found = _LITERAL.fullmatch(await near.line())
    if found is None:
        return
    await near.say(b"+ OK\r\n")
    user = await near.reader.readexactly(int(found[2]))
    far = await connect(routes.known["imap", user.decode()])
    try:
        await far.line()
        identity = f'"X-ORIGINATING-IP" "{origin}" "X-VIA" "{VIA}"'
        await far.say(f"zx ID ({identity})\r\n".encode())
        while not (await far.line()).startswith(b"zx "):
            pass
        await far.say(b"%s LOGIN {%d}\r\n" % (found[1], len(user)))
        await far.line()
        await far.say(user)
        await _pipe(near, far)
    finally:
        far.writer.close()


async def pop3(near: Side, routes: Routes) -> None:
    """Relay one POP3 session."""
    origin = await _origin(near)
    await near.say(b"+OK relay ready\r\n")
    command = await near.line()
    user = command.split(b" ", 1)[1].strip().decode()
    far = await connect(routes.known["pop3", user])
    try:
        await far.line()
        await far.say(f"XOIP {origin}\r\n".encode())
        await far.line()
        await far.say(command)
        await _pipe(near, far)
    finally:
        far.writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        writer.close()


async def _pipe(near: Side, far: Side) -> None:
    await asyncio.gather(_copy(near.reader, far.writer), _copy(far.reader, near.writer))
