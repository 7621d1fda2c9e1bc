"""HTTP/1.1 over a Line: requests out, answers back, bounded in every direction.

The standard parser belongs to http.client, which brings sockets, TLS and mail parsing
into every start of the program, and gives a half-read answer away; this one keeps what
came before a server failed.
"""

import re
from contextlib import ExitStack
from typing import Final, Self

import msgspec
from msgspec.structs import replace

from zmward.scan.line import AGENT, Babble, Broken, Dial, Ended, Line, Silent, TooMuch

BODY: Final = 65_536
_HEAD = 32_768
_HEADERS = 100
_SIZE_LINE = 200
_CHUNKS = 4096
_TRAILERS = 20
_INTERIM = 5
_OK_WITHOUT_BODY = frozenset((204, 304))
_STATUS = re.compile(rb"HTTP/(1\.[01]) ([1-9][0-9]{2})(?: [^\r\n]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEX = re.compile(rb"[0-9A-Fa-f]{1,15}")
_CONNECTIONS = 20
_FAILURES = 2
_SECONDS = 5.0
# All conversations with one port together.
_ALL = 15.0


class Question(msgspec.Struct, frozen=True):
    """One request: the name that pages keep, the path, and the host that is meant."""

    name: str
    path: str
    host: str
    method: str = "GET"

    def encode(self) -> bytes:
        """Return the request as it is sent."""
        lines = (
            f"{self.method} {self.path} HTTP/1.1",
            f"Host: {self.host}",
            f"User-Agent: {AGENT}",
            "Accept: */*",
            "Accept-Encoding: identity",
        )
        return "\r\n".join((*lines, "", "")).encode("ascii", "replace")


class Reply(msgspec.Struct, frozen=True):
    """One answer; `cut` says that the body went on, or broke off.

    Names of headers are lower-case; `keep` says that the connection may be used again.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool = False
    keep: bool = True

    def header(self, name: str) -> str:
        """Return the values of a header, joined; empty where it was not sent."""
        return ", ".join(value for key, value in self.headers if key == name)

    def raw(self) -> bytes:
        """Return the answer as one text again, to look for words in it."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return f"HTTP/1.1 {self.status} \r\n{head}\r\n".encode("latin-1") + self.body


class _Bytes:
    """The bytes of a Line, of which some may be left for the next answer."""

    def __init__(self, line: Line) -> None:
        self._line = line
        # A bytearray, since it forgets its beginning without being copied.
        self._rest = bytearray()

    def row(self, most: int) -> bytes:
        seen = 0
        while (end := self._rest.find(b"\n", seen)) < 0:
            seen = len(self._rest)
            if seen > most:
                raise TooMuch(f"it sent a line of more than {most} bytes")
            self._rest += self._line.some()
        if end > most:
            raise TooMuch(f"it sent a line of more than {most} bytes")
        return self._taken(end + 1)[:-1].removesuffix(b"\r")

    def piece(self, most: int) -> bytes:
        if not self._rest:
            self._rest += self._line.some()
        return self._taken(most)

    def _taken(self, count: int) -> bytes:
        found = bytes(self._rest[:count])
        del self._rest[:count]
        return found


class _Body:
    """A body that grows until it is whole, too long, or broken off."""

    def __init__(self, source: _Bytes, most: int) -> None:
        self._source = source
        self._most = most
        self.content = bytearray()

    def take(self, count: int) -> bool:
        """Take so many bytes; say whether there was room for them."""
        while count:
            room = self._most - len(self.content)
            if not room:
                return False
            found = self._source.piece(min(count, room))
            self.content += found
            count -= len(found)
        return True

    def chunks(self) -> bool:
        """Take chunks until the last one; say whether there was room for all."""
        for _ in range(_CHUNKS):
            words = self._source.row(_SIZE_LINE).partition(b";")[0].strip()
            if not _HEX.fullmatch(words):
                raise Babble("it sent a chunk without a length")
            size = int(words, 16)
            if not size:
                return self._trailers()
            if not self.take(size):
                break
            if self._source.row(_SIZE_LINE):
                raise Babble("a chunk went on after its length")
        return False

    def _trailers(self) -> bool:
        return any(not self._source.row(_HEAD) for _ in range(_TRAILERS))

    def rest(self) -> None:
        """Take what comes until the connection ends."""
        while self.take(BODY):
            pass


def _head(source: _Bytes) -> tuple[bytes, int, tuple[tuple[str, str], ...]]:
    """Read a status line and headers; raise Babble where it is no HTTP."""
    match = _STATUS.fullmatch(source.row(_HEAD).rstrip())
    if match is None:
        raise Babble("it does not answer in HTTP")
    found: list[tuple[str, str]] = []
    left = _HEAD
    while row := source.row(left):
        left -= len(row)
        if len(found) == _HEADERS or left <= 0:
            raise TooMuch("it sent more headers than any honest server")
        name, colon, value = row.partition(b":")
        if row[:1] in b" \t" and found:
            last, begun = found.pop()
            name, value = last.encode(), begun.encode("latin-1") + row
        elif not colon or not _NAME.fullmatch(name):
            raise Babble("it sent a header that is none")
        text = value.strip().decode("latin-1")
        found.append((name.decode().lower(), text))
    return match[1], int(match[2]), tuple(found)


def _final(source: _Bytes) -> tuple[bytes, int, tuple[tuple[str, str], ...]]:
    for _ in range(_INTERIM):
        version, status, headers = _head(source)
        if status >= 200 or status == 101:  # noqa: PLR2004  # RFC 9110, 15.2
            return version, status, headers
    raise TooMuch("it announces an answer again and again")


def _length(reply: Reply) -> int | None:
    """Return the announced length; None where there is none to believe."""
    values = {value.strip() for value in reply.header("content-length").split(",")}
    word = values.pop()
    if values or not (word.isascii() and word.isdecimal()) or len(word) > 15:  # noqa: PLR2004  # a petabyte
        return None
    return int(word)


def read(source: _Bytes, *, head: bool = False, most: int = BODY) -> Reply:
    """Read one answer; `head` says that it has no body."""
    version, status, headers = _final(source)
    reply = Reply(status, headers, b"")
    told = reply.header("connection").lower()
    keep = "close" not in told and (version == b"1.1" or "keep-alive" in told)
    if head or status in _OK_WITHOUT_BODY:
        return replace(reply, keep=keep)
    coding = reply.header("transfer-encoding").strip().lower()
    length = _length(reply)
    body = _Body(source, most)
    whole = False
    try:
        if coding:
            whole = coding == "chunked" and body.chunks()
        elif length is not None:
            whole = body.take(length)
        else:
            keep = False
            body.rest()
    except Broken as error:
        # Without a length, the end of the connection is the end of the body.
        whole = not coding and length is None and isinstance(error, Ended)
        keep = False
    return Reply(
        status, headers, bytes(body.content), cut=not whole, keep=keep and whole
    )


def answered(line: Line) -> Reply:
    """Read the one answer of a line on which no second question is asked."""
    return read(_Bytes(line))


class Talk:
    """Questions to one port, over as few connections as it allows."""

    def __init__(self, dial: Dial, port: int, sni: str | None) -> None:
        self._dial = dial
        self._port = port
        self._sni = sni
        self._stack = ExitStack()
        self._open: tuple[Line, _Bytes] | None = None
        self._opened = 0
        self._failed = 0
        self._spent = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def ask(self, question: Question, *, most: int = BODY) -> Reply:
        """Return the answer; raise Broken where there is none."""
        if self._open is not None:
            try:
                return self._ask(*self._open, question, most)
            except Broken:
                # It may have closed a connection that had been used before.
                self._close()
        try:
            return self._ask(*self._connected(), question, most)
        except Broken:
            self._failed += 1
            self._close()
            raise

    def _ask(self, line: Line, source: _Bytes, question: Question, most: int) -> Reply:
        line.send(question.encode())
        reply = read(source, head=question.method == "HEAD", most=most)
        if not reply.keep:
            self._close()
        return reply

    def _connected(self) -> tuple[Line, _Bytes]:
        if self._failed >= _FAILURES or self._opened >= _CONNECTIONS:
            raise Silent("it was left alone: too many questions led nowhere")
        left = _ALL - self._spent
        if left <= 0:
            raise Silent("it was left alone: it takes too long for each answer")
        self._opened += 1
        line = self._stack.enter_context(
            self._dial.connect(self._port, tls=self._sni, seconds=min(_SECONDS, left))
        )
        self._open = line, _Bytes(line)
        return self._open

    def _close(self) -> None:
        if self._open is not None:
            self._spent += self._open[0].spent
        self._open = None
        self._stack.close()
