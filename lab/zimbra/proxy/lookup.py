"""The mail proxy's route lookup: asks the extension port of the mailbox servers.

nginx's own mail module asks over plain HTTP and connects to the back end in
clear text; Zimbra's build does both over TLS.
This side does the TLS: nginx asks on a socket file, gets the relay's address,
and the relay knows the true route.
"""

import asyncio
import http.client
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

LONGEST = 15
PATH = "/service/extension/nginx-lookup"


@dataclass(frozen=True)
class Route:
    """Where a user's mailbox is served."""

    host: str
    port: int


@dataclass
class Routes:
    """The routes that were answered, by protocol and user as nginx will say it."""

    extension: tuple[tuple[str, int], ...]
    relays: Mapping[str, int]
    known: dict[tuple[str, str], Route] = field(default_factory=dict)

    def ask(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Ask the mailbox servers in turn and return the headers for nginx."""
        problem = "no lookup target"
        for host, port in self.extension:
            try:
                return self._answer(headers, _ask(host, port, headers))
            except (OSError, http.client.HTTPException) as found:
                problem = f"{host}:{port}: {found}"
        return {"Auth-Status": f"Temporary lookup failure ({problem})"}

    def _answer(
        self, headers: Mapping[str, str], found: Mapping[str, str]
    ) -> dict[str, str]:
        if found.get("auth-status") != "OK":
            reply = {"Auth-Status": found.get("auth-status") or "lookup failed"}
            if wait := found.get("auth-wait"):
                reply["Auth-Wait"] = wait
            return reply
        protocol = headers["auth-protocol"]
        user = found.get("auth-user") or headers["auth-user"]
        route = Route(found["auth-server"], int(found["auth-port"]))
        self.known[protocol, user] = route
        reply = {
            "Auth-Status": "OK",
            "Auth-Server": "127.0.0.1",
            "Auth-Port": str(self.relays[protocol]),
            "Auth-User": user,
        }
        if word := found.get("auth-pass"):
            reply["Auth-Pass"] = word
        return reply


def _ask(host: str, port: int, headers: Mapping[str, str]) -> dict[str, str]:
    blind = ssl._create_unverified_context()  # noqa: S323, SLF001 -- as nginx does
    line = http.client.HTTPSConnection(host, port, timeout=LONGEST, context=blind)
    try:
        line.request("GET", PATH, headers=dict(headers))
        reply = line.getresponse()
        reply.read()
        return {name.lower(): value for name, value in reply.getheaders()}
    finally:
        line.close()


def _headers(lines: list[bytes]) -> Iterator[tuple[str, str]]:
    for line in lines[1:]:
        name, found, value = line.decode("utf-8", "replace").partition(":")
        if found and name.lower() not in {"host", "connection"}:
            yield name.strip().lower(), value.strip()


async def converse(
    routes: Routes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer one HTTP request of nginx."""
    try:
        text = await reader.readuntil(b"\r\n\r\n")
        headers = dict(_headers(text.splitlines()))
        answer = await asyncio.to_thread(routes.ask, headers)
        rows = "".join(f"{name}: {value}\r\n" for name, value in answer.items())
        writer.write(f"HTTP/1.0 200 OK\r\n{rows}\r\n".encode())
        await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, KeyError):
        return
    finally:
        writer.close()
