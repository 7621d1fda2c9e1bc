"""Commands and replies of SMTP and LMTP, bounded and in readable words."""

import re

import msgspec

from zmward.scan.line import Babble, Line, TooMuch

NAME = "zmward-scan.invalid"
# A new client waits six seconds for postscreen's whole greeting.
PATIENCE = 15.0
_LINES = 64
_SHOWN = 200
_REPLY = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class Reply(msgspec.Struct, frozen=True):
    """One reply: its code, and the text of each line."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return code and text as one short line."""
        return f"{self.code} {' '.join(self.lines)}"[:_SHOWN]

    @property
    def accepts(self) -> bool:
        """Say whether the server did what it was asked for."""
        return self.code // 100 == 2  # noqa: PLR2004 -- 2xx: done

    @property
    def defers(self) -> bool:
        """Say whether the server may do it at another time."""
        return self.code // 100 == 4  # noqa: PLR2004 -- 4xx: later


def readable(content: bytes, most: int = _SHOWN) -> str:
    """Return what a server said without control characters, and short."""
    text = content[: most * 2].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)[:most]


def reply(line: Line) -> Reply:
    """Read one reply of any number of lines, up to a bound."""
    lines: list[str] = []
    while len(lines) < _LINES:
        match = _REPLY.fullmatch(line.line())
        if match is None:
            raise Babble("what it says is no reply of SMTP")
        lines.append(readable(match[3] or b""))
        if match[2] != b"-":
            return Reply(int(match[1]), tuple(lines))
    raise TooMuch(f"one reply has more than {_LINES} lines")


def command(line: Line, text: str) -> Reply:
    """Say one command and read its reply."""
    line.send(f"{text}\r\n".encode())
    return reply(line)


def words(said: Reply) -> tuple[str, ...]:
    """Return the extensions of a reply to EHLO or LHLO, in capitals."""
    return tuple(text.upper() for text in said.lines[1:])


def hello(line: Line, *, verb: str = "EHLO") -> tuple[str, ...]:
    """Say who asks; return the extensions that the server offers."""
    said = command(line, f"{verb} {NAME}")
    if not said.accepts:
        raise Babble(f"it answers {verb} with {said.text}")
    return words(said)


def is_lmtp(greeting: Reply) -> bool:
    """Say whether a greeting is that of a server for local delivery."""
    return " LMTP" in greeting.text


def offers(extensions: tuple[str, ...] | None, word: str) -> bool:
    """Say whether an extension is among those that were offered."""
    return any(text.split()[:1] == [word] for text in extensions or ())


def own_domain(host: str, domains: tuple[str, ...]) -> str:
    """Return a domain of the server's own; empty where only an address is known."""
    names = (*domains, *(() if re.fullmatch(r"[\d.:a-fA-F]*", host) else (host,)))
    return next((name for name in names if _DOMAIN.fullmatch(name)), "")
