"""The shape of a hunt: what has no place on a Zimbra server, as one row.

A row holds whole paths, as expressions that must match from end to end: never a part
of one, since a list of parts hides whatever lies below a listed folder. Each row brings
a sample that it finds, and a clean one that looks much like it and is not found.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, Literal

import msgspec

Level = Literal["alarm", "look"]
# Endings of what Jetty or PHP compiles and runs. Jetty's own list of pages holds them
# in capitals too.
PAGE: Final = r"(?i:jspx?|jspf|jsw|jsv|jsf|xsp|tag[xf]?)"
RUNS: Final = rf"(?i:{PAGE}|class|jar|war|php[0-9]?|phtml|phar|cgi|sh|py|pl|exe|elf)"
_LONGEST: Final = 4096
_PIECE: Final = 1024
BEHIND: Final = r"[^/]*(?:/[^/]+)*"


class Sample(msgspec.Struct, frozen=True):
    """A file for a test of a row: its path, text, mode and owner."""

    path: str
    text: str = ""
    mode: int = 0o644
    owner: str = "root"


class Hunt(msgspec.Struct, frozen=True):
    """One row.

    `where` is the whole path; `known` are paths that belong there. `holds` is looked
    for in the content, and `also` must be there too; with `lines` in each line by
    itself, without comments. `bits` are bits of the mode of which one is set, `owner`
    whose it is. With `unowned` it must be of no package; else a file that is as its
    package has it is left out, unless `always`.
    """

    id: str
    level: Level
    where: str
    says: str
    todo: str
    sample: Sample
    clean: Sample
    known: frozenset[str] = frozenset()
    holds: str = ""
    also: str = ""
    lines: bool = False
    bits: int = 0
    owner: str = ""
    unowned: bool = False
    always: bool = False

    def place(self, path: str) -> bool:
        """Say whether a whole path is one where this row looks."""
        return path not in self.known and bool(_path(self.where).fullmatch(path))

    def found(self, content: bytes) -> str | None:
        """Return what of a content it is, nothing for a name; None where it is not."""
        if not self.holds:
            return ""
        parts = _lines(content) if self.lines else _readings(content)
        for part in parts:
            match = _content(self.holds).search(part)
            if match and (not self.also or _content(self.also).search(part)):
                shown = part.strip() if self.lines else match[0]
                return shown[:200].decode("utf-8", "replace")
        return None


def _lines(content: bytes) -> Iterator[bytes]:
    """Yield the lines that are no comments, joined where they go on, without runs.

    For cron and shells a carriage return ends none, for systemd it does.
    What is longer than a person would write comes in pieces that overlap: what is
    looked for takes longer the longer a line is.
    """
    joined = re.sub(rb"\\\r?\n", b" ", content)
    whole = (line for line in joined.split(b"\n") if b"\r" in line.rstrip(b"\r"))
    for line in (*joined.splitlines(), *whole):
        bare = re.sub(rb"[ \t]+", b" ", line).lstrip()
        if bare and not bare.startswith((b"#", b";")):
            yield bare[:_LONGEST]
            for begin in range(_LONGEST - _PIECE // 2, len(bare), _PIECE // 2):
                yield bare[begin : begin + _PIECE]


def _readings(content: bytes) -> Iterator[bytes]:
    """Yield a content as it is and, where it is of two bytes a letter, as of one."""
    yield content
    if b"\0" in content[:_LONGEST]:
        yield content.replace(b"\0", b"")


@cache
def _path(where: str) -> re.Pattern[str]:
    return re.compile(where, re.DOTALL)


@cache
def _content(holds: str) -> re.Pattern[bytes]:
    return re.compile(holds.encode(), re.IGNORECASE | re.DOTALL)
