"""What a source is: one question to one place, and the pure reading of its answer."""

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Generic, Literal, TypeVar

import msgspec

T = TypeVar("T")


class Command(msgspec.Struct, frozen=True, tag="command"):
    """A program with its arguments; the first of `programs` that exists is run."""

    programs: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    seconds: int = 20


class File(msgspec.Struct, frozen=True, tag="file"):
    """The content of one file, at most 4 MiB of it."""

    path: str


class Files(msgspec.Struct, frozen=True, tag="files"):
    """The contents of all files that match some patterns, each behind its name."""

    patterns: tuple[str, ...]


class Stat(msgspec.Struct, frozen=True, tag="stat"):
    """Mode, owner, group, size, time and type of all paths that match."""

    patterns: tuple[str, ...]


class Search(msgspec.Struct, frozen=True, tag="search"):
    """One search in Zimbra's directory, with the server's own ldapsearch."""

    base: str
    scope: Literal["base", "one", "sub"]
    filter: str
    attributes: tuple[str, ...] = ("*",)
    seconds: int = 120


class Snippet(msgspec.Struct, frozen=True, tag="snippet"):
    """A constant piece of POSIX shell, for what one program cannot say."""

    text: str
    seconds: int = 20


Question = Command | File | Files | Stat | Search | Snippet


class Unreadable(Exception):  # it becomes Missing, never an error
    """An answer is not what its source should say."""


class Source(msgspec.Struct, Generic[T], frozen=True):
    """One place that is asked once per host and run.

    `parse` turns the stored text into a value, or raises Unreadable.
    `reduce`, where given, turns the lines of a large answer into that stored text.
    `codes` are the exit codes that mean an answer.
    `for_plans` marks what only a plan asks.
    """

    name: str
    about: str
    question: Question
    parse: Callable[[str], T]
    reduce: Callable[[Iterable[str]], str] | None = None
    codes: tuple[int, ...] = (0,)
    directory: bool = False
    for_plans: bool = False


def text(answer: str) -> str:
    """Return the answer as it is."""
    return answer


def lines(answer: str) -> tuple[str, ...]:
    """Return the answer's lines that are not blank, stripped."""
    return tuple(line.strip() for line in answer.splitlines() if line.strip())


def matches(path: str, pattern: str) -> bool:
    """Say whether a shell's pattern holds a path: no star goes past a folder."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def contents(answer: str) -> dict[str, str]:
    """Read the answer to a Files question: path → content."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    # A host ends a line in one way, Python in ten: any other could forge a file.
    for line in re.split(r"\r?\n", answer.removesuffix("\n")) if answer else ():
        if line.startswith("> "):
            current = found.setdefault(line[2:], [])
        elif line.startswith("x "):
            raise Unreadable(f"{line[2:]} cannot be read")
        elif current is None or not line.startswith(" "):
            raise Unreadable(f"not an answer to a question for files: {line[:60]!r}")
        else:
            current.append(line[1:])
    return {path: "".join(f"{line}\n" for line in text) for path, text in found.items()}


# Mode, owner, group, size, time and kind, as `stat -c` is asked for them.
_STAT = re.compile(r"[0-7]{1,5} \S+ \S+ [0-9]{1,18} -?[0-9]{1,12} \S.*", re.ASCII)


class Status(msgspec.Struct, frozen=True):
    """What stat says of a path: octal mode, names of owner and group, bytes, epoch."""

    mode: int
    owner: str
    group: str
    size: int
    modified: int
    kind: str


def statuses(answer: str) -> dict[str, Status]:
    """Read the answer to a Stat question: path → Status; absent paths are left out."""
    found = {}
    for line in answer.splitlines():
        fields, _, path = line.partition("|")
        words = fields.split(" ", 5)
        if not path or not _STAT.fullmatch(fields):
            raise Unreadable(f"not a line of stat: {line[:60]!r}")
        found[path] = Status(
            mode=int(words[0], 8),
            owner=words[1],
            group=words[2],
            size=int(words[3]),
            modified=int(words[4]),
            kind=words[5],
        )
    return found
