"""The proxy's rendered configuration, followed from nginx.conf along its includes."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

import msgspec

from zmward.sources.source import Files, Source, Unreadable, contents

TOP = "/opt/zimbra/conf/nginx.conf"
_DEEPEST = 12
_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)
      |(?P<mark>[{};])
      |"(?P<double>(?:[^"\\]|\\.)*)"
      |'(?P<single>(?:[^'\\]|\\.)*)'
      |(?P<word>(?:\$\{[^}]*\}|\\.|[^\s{};"'\\])(?:\$\{[^}]*\}|\\.|[^\s{};\\])*)
    """,
    re.VERBOSE,
)


class Directive(msgspec.Struct, frozen=True):
    """One directive with the blocks around it, outermost first, and its file."""

    name: str
    arguments: tuple[str, ...]
    blocks: tuple[str, ...]
    file: str


class Nginx(msgspec.Struct, frozen=True):
    """Every directive in force, in order."""

    directives: tuple[Directive, ...]

    def all(self, name: str) -> tuple[Directive, ...]:
        """Return the directives of a name."""
        return tuple(found for found in self.directives if found.name == name)


def _tokens(text: str, file: str) -> Iterator[tuple[str, bool]]:
    """Yield each token and whether it is punctuation."""
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise Unreadable(f"{file}: not nginx's language: {text[place:][:40]!r}")
        place = match.end()
        kind = match.lastgroup or "skip"
        if kind != "skip":
            yield match[kind], kind == "mark"


class _Walk:
    """Reads files from the top one, along the includes that exist."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self.found: list[Directive] = []

    def file(self, path: str, blocks: tuple[str, ...], depth: int) -> None:
        if depth > _DEEPEST:
            raise Unreadable(f"{path}: includes nest too deep")
        inner = blocks
        words: list[str] = []
        for piece, is_mark in _tokens(self._files[path], path):
            if not is_mark:
                words.append(piece)
            elif piece == "}":
                if words or len(inner) <= len(blocks):
                    raise Unreadable(f"{path}: a block ends where none is open")
                inner = inner[:-1]
            elif not words:
                raise Unreadable(f"{path}: {piece!r} without a directive")
            else:
                self._one(Directive(words[0], tuple(words[1:]), inner, path), depth)
                inner = (*inner, " ".join(words)) if piece == "{" else inner
                words = []
        if words or inner != blocks:
            raise Unreadable(f"{path}: ends within a directive or block")

    def _one(self, directive: Directive, depth: int) -> None:
        self.found.append(directive)
        if directive.name == "include" and directive.arguments:
            pattern = directive.arguments[0]
            # Files that we did not ask for (mime.types) hold nothing that is judged.
            for path in sorted(self._files):
                if fnmatchcase(path, pattern):
                    self.file(path, directive.blocks, depth + 1)


def parse(answer: str) -> Nginx:
    """Read the files as nginx would, from nginx.conf."""
    files = contents(answer)
    if TOP not in files:
        raise Unreadable(f"{TOP} is not there")
    walk = _Walk(files)
    walk.file(TOP, (), 0)
    return Nginx(tuple(walk.found))


NGINX = Source(
    name="nginx",
    about="The proxy's rendered configuration.",
    question=Files((TOP, "/opt/zimbra/conf/nginx/includes/*")),
    parse=parse,
)
