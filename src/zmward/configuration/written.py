r"""One object as a text file, and back: a value a line, sorted, the same for the same.

    # domain example.test
    zimbraDomainStatus: active
    zimbraNotes: first line\n
      second line
    zimbraPreAuthKey:! 5f2c…

A line that begins with two blanks goes on with the value before it; a value is broken
behind each of its own line ends, and where a line would be too long. `\n`, `\\` and
`\u{…}` stand for what would steer a terminal or hide. `:!` says that what follows is
the fingerprint of a secret, or the word that is known of it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from zmward.errors import BadFile

_WIDTH: Final = 100
_MORE: Final = "  "
_ESCAPED: Final = re.compile(r"\\(?:n|\\|u\{([0-9a-f]{1,6})\})")
_PIECE: Final = re.compile(r"\\(?:n|\\|u\{[0-9a-f]{1,6}\})|[^\\]")
_LINE: Final = re.compile(r"((?:[^:\\]|\\(?:n|\\|u\{[0-9a-f]{1,6}\}))+):(!?)(?: (.*))?")


class Value(msgspec.Struct, frozen=True, order=True):
    """One value as it is shown; `secret` where the text only stands for it."""

    text: str
    secret: bool = False


Values = Mapping[str, tuple[Value, ...]]


class Object(msgspec.Struct, frozen=True):
    """What one file holds: the kind and name of an object, and its values by name."""

    kind: str
    name: str
    values: Values


def _escape(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if char == "\n":
        return "\\n"
    return char if char.isprintable() else f"\\u{{{ord(char):x}}}"


def _plain(text: str) -> str:
    """Return a text in one line; blanks at its ends are written as codes."""
    found = "".join(map(_escape, text))
    if found.startswith(" "):
        found = f"\\u{{20}}{found[1:]}"
    return f"{found[:-1]}\\u{{20}}" if found.endswith(" ") else found


def _raw(text: str) -> str:
    def char(match: re.Match[str]) -> str:
        if match[1]:
            code = int(match[1], 16)
            return chr(code) if code <= 0x10FFFF else ""  # noqa: PLR2004  # the last one
        return "\n" if match[0] == "\\n" else "\\"

    return _ESCAPED.sub(char, text)


def _name(name: str) -> str:
    return _plain(name).replace(":", "\\u{3a}")


def _broken(text: str, first: int) -> Iterator[str]:
    """Yield the parts of an escaped text, each as long as a line may be."""
    room, part = max(_WIDTH - first, _WIDTH // 2), ""
    for piece in _PIECE.findall(text):
        if len(part) + len(piece) > room:
            yield part
            room, part = _WIDTH - len(_MORE), ""
        part += piece
        if piece == "\\n":
            yield part
            room, part = _WIDTH - len(_MORE), ""
    if part:
        yield part


def _lines(name: str, value: Value) -> Iterator[str]:
    head = f"{_name(name)}:{'!' if value.secret else ''}"
    first, *rest = tuple(_broken(_plain(value.text), len(head) + 1)) or ("",)
    yield f"{head} {first}" if first else head
    for part in rest:
        yield f"{_MORE}{part}"


def render(found: Object) -> str:
    """Return the text of an object's file."""
    kind = found.kind.replace(" ", "-")
    lines = [f"# {_plain(kind)} {_plain(found.name)}"]
    for name in sorted(found.values, key=lambda name: (name.lower(), name)):
        for value in sorted(set(found.values[name])):
            lines += _lines(name, value)
    return "".join(f"{line}\n" for line in lines)


def _joined(lines: Iterable[str]) -> Iterator[str]:
    held = ""
    for line in lines:
        if line.startswith(_MORE) and held:
            held += line[len(_MORE) :]
        else:
            if held:
                yield held
            held = line
    if held:
        yield held


def parse(text: str, place: str) -> Object:
    """Read the text of an object's file; `place` names it in errors."""
    first, *lines = text.split("\n")
    words = first.split(" ", 2)
    if len(words) != 3 or words[0] != "#":  # noqa: PLR2004  # the sign, kind and name
        raise BadFile(f"{place} is no object of a configuration: {first[:60]!r}")
    values: dict[str, list[Value]] = {}
    for line in _joined(line for line in lines if line):
        match = _LINE.fullmatch(line)
        if match is None:
            raise BadFile(f"{place} holds what is no value: {line[:60]!r}")
        value = Value(_raw(match[3] or ""), match[2] == "!")
        values.setdefault(_raw(match[1]), []).append(value)
    found = {name: tuple(sorted(some)) for name, some in values.items()}
    return Object(_raw(words[1]), _raw(words[2]), found)
