"""Commands and answers of IMAP and POP3, bounded and in readable words."""

import re

import msgspec

from zmward.scan.line import Babble, Line, TooMuch
from zmward.scan.smtp_talk import readable

_LINES = 100
_WORDS = 80
_LONG = 4000
_TAGGED = re.compile(rb"z\d+ (OK|NO|BAD)(?: |$)", re.IGNORECASE)
_OK, _BAD = b"+OK", b"-ERR"


class Answer(msgspec.Struct, frozen=True):
    """One answer: whether it was granted, its last line, and those before it.

    `more` says that the server waits for the rest of what it was told.
    """

    granted: bool
    text: str
    lines: tuple[str, ...] = ()
    more: bool = False


def imap(line: Line, tag: str, command: str) -> Answer:
    """Say one command of IMAP and read until its own answer."""
    line.send(f"{tag} {command}\r\n".encode())
    return imap_answer(line)


def imap_answer(line: Line) -> Answer:
    """Read until a tagged answer, or until the server asks for more."""
    lines: list[str] = []
    while len(lines) < _LINES:
        said = line.line()
        if match := _TAGGED.match(said):
            return Answer(match[1].upper() == b"OK", readable(said), tuple(lines))
        if said.startswith(b"+"):
            return Answer(granted=True, text=readable(said), more=True)
        if not said.startswith(b"* "):
            raise Babble("what it says is no answer of IMAP")
        lines.append(readable(said, _LONG))
    raise TooMuch(f"one answer has more than {_LINES} lines")


def pop3(line: Line, command: str, *, many: bool = False) -> Answer:
    """Say one command of POP3 and read its answer, of many lines where it has them."""
    line.send(f"{command}\r\n".encode())
    first = line.line()
    granted = first.upper().startswith(_OK)
    if not granted and not first.upper().startswith(_BAD):
        raise Babble("what it says is no answer of POP3")
    lines: list[str] = []
    while granted and many:
        said = line.line()
        if said == b".":
            break
        if len(lines) >= _LINES:
            raise TooMuch(f"one answer has more than {_LINES} lines")
        lines.append(readable(said))
    return Answer(granted, readable(first), tuple(lines))


def capabilities(answer: Answer) -> tuple[str, ...] | None:
    """Return the words of IMAP's CAPABILITY; None where it told none."""
    for text in answer.lines:
        words = text.upper().split()
        if words[1:2] == ["CAPABILITY"]:
            return tuple(word[:_WORDS] for word in words[2 : _WORDS + 2])
    return None


def offered(answer: Answer) -> tuple[str, ...] | None:
    """Return the lines of POP3's CAPA; None where it told none."""
    if not answer.granted:
        return None
    return tuple(text.upper() for text in answer.lines[:_WORDS])
