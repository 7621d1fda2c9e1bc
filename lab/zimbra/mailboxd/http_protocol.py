"""HTTP/1.1 as far as mailboxd's clients speak it: read requests, write answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, unquote, urlsplit

from .listeners import Listener

MAXIMUM_BODY = 16 * 1024 * 1024
MAXIMUM_LINE = 16 * 1024
IDLE_SECONDS = 60
_CHUNK = 8 * 1024


@dataclass(frozen=True)
class Request:
    """One request with the connection it came on."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    peer: tuple[str, int]
    listener: Listener
    version: str = "HTTP/1.1"

    @property
    def path(self) -> str:
        """Give the decoded path."""
        return unquote(urlsplit(self.target).path) or "/"

    @property
    def query(self) -> dict[str, str]:
        """Give the query's parameters, the last of each name."""
        query = urlsplit(self.target).query
        return dict(parse_qsl(query, keep_blank_values=True))

    @property
    def cookies(self) -> dict[str, str]:
        """Give the cookies by name."""
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(self.headers.get("cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in jar.items()}

    @property
    def scheme(self) -> str:
        """Give the scheme as Jetty sees it behind forwarded headers."""
        own = "https" if self.listener.secure else "http"
        return self.headers.get("x-forwarded-proto", own)

    @property
    def host(self) -> str:
        """Give the host and port that the client asked for."""
        return self.headers.get("host", f"localhost:{self.listener.port}")

    @property
    def url(self) -> str:
        """Give the request URL as log lines show it."""
        return f"{self.scheme}://{self.host}{self.target}"


@dataclass
class Response:
    """One answer; a chunked one does not say how long it is."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html;charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)
    chunked: bool = False


Answer = Callable[[Request], Awaitable[Response]]


class _MalformedError(Exception):
    """A request that cannot be read."""


async def serve_http(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    listener: Listener,
    answer: Answer,
) -> None:
    """Answer the requests of one connection until it ends."""
    peer = writer.get_extra_info("peername")[:2]
    try:
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                request = await _read(reader, peer, listener)
            if request is None:
                break
            response = await answer(request)
            keep = request.headers.get("connection", "").lower() != "close"
            keep = keep and request.version == "HTTP/1.1"
            writer.write(_wire(response, request.method, keep=keep))
            await writer.drain()
            if not keep:
                break
    except _MalformedError as problem:
        writer.write(_wire(Response(400, str(problem).encode()), "GET", keep=False))
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _read(
    reader: asyncio.StreamReader, peer: tuple[str, int], listener: Listener
) -> Request | None:
    line = await _line(reader)
    if not line:
        return None
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):  # noqa: PLR2004
        raise _MalformedError("Bad Message 400")
    headers: dict[str, str] = {}
    while text := await _line(reader):
        name, colon, value = text.partition(":")
        if not colon:
            raise _MalformedError("Bad Message 400")
        key = name.strip().lower()
        joined = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
        headers[key] = joined
    body = await _body(reader, headers)
    return Request(parts[0], parts[1], headers, body, peer, listener, parts[2])


async def _line(reader: asyncio.StreamReader) -> str:
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError as problem:
        raise _MalformedError("URI or header too large") from problem
    except asyncio.IncompleteReadError as problem:
        if problem.partial:
            raise
        return ""
    return line.decode("latin-1").rstrip("\r\n")


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader)
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAXIMUM_BODY:
        raise _MalformedError("Bad Content-Length")
    return await reader.readexactly(int(length))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        try:
            size = int((await _line(reader)).partition(";")[0], 16)
        except ValueError as problem:
            raise _MalformedError("Bad chunk") from problem
        if len(body) + size > MAXIMUM_BODY:
            raise _MalformedError("Body too large")
        body += await reader.readexactly(size)
        await _line(reader)
        if not size:
            return body


def _wire(response: Response, method: str, *, keep: bool) -> bytes:
    phrase = HTTPStatus(response.status).phrase
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    lines.append(f"Date: {formatdate(usegmt=True)}")
    lines += [f"{name}: {value}" for name, value in response.headers]
    if response.body:
        lines.append(f"Content-Type: {response.content_type}")
    if response.chunked:
        lines.append("Transfer-Encoding: chunked")
    else:
        lines.append(f"Content-Length: {len(response.body)}")
    if not keep:
        lines.append("Connection: close")
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    if method == "HEAD":
        return head
    return head + (_chunked(response.body) if response.chunked else response.body)


def _chunked(body: bytes) -> bytes:
    pieces = [body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in [*pieces, b""])
