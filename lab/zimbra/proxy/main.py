"""Runs the lookup socket and the two relays beside nginx."""

import asyncio
import contextlib
import syslog
from collections.abc import Awaitable, Callable
from pathlib import Path

from ..configd.main import read  # noqa: TID252 -- the package has two names
from . import relay
from .lookup import Routes, converse

SOCKET = Path("/opt/zimbra/data/nginx/lookup.sock")
# Loopback only, and of the lab's own: Zimbra's nginx needs no such ports.
RELAYS = {"imap": 7144, "pop3": 7111}
FAILURES = (OSError, EOFError, KeyError, TimeoutError, asyncio.IncompleteReadError)

Session = Callable[[relay.Side, Routes], Awaitable[None]]
Streams = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _serving(session: Session, routes: Routes) -> Streams:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await session(relay.Side(reader, writer), routes)
        except FAILURES as problem:
            syslog.syslog(syslog.LOG_WARNING, f"mail relay: {problem!r}")
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    return serve


async def _run() -> None:
    inputs = read()
    hosts = inputs.values("zimbraProxyLookupTargets") or [inputs.hostname]
    port = int(inputs.var("zimbraExtensionBindPort") or "7072")
    routes = Routes(tuple((host, port) for host in hosts), RELAYS)
    await asyncio.start_unix_server(lambda r, w: converse(routes, r, w), str(SOCKET))
    for name, session in (("imap", relay.imap), ("pop3", relay.pop3)):
        await asyncio.start_server(_serving(session, routes), "127.0.0.1", RELAYS[name])
    await asyncio.Event().wait()


def main() -> int:
    """Serve until terminated."""
    syslog.openlog("zmmailrelay", syslog.LOG_PID, syslog.LOG_LOCAL0)
    SOCKET.unlink(missing_ok=True)
    asyncio.run(_run())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
