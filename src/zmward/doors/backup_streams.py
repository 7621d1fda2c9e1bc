"""What a copy holds, file by file, and the way to the bytes of each.

Everything is streamed: nothing of a backup is put on a disk on the way. A file of a
folder is opened through no link of its own.
"""

import hashlib
import math
import os
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

import msgspec

from zmward.backup_places import Copy
from zmward.backups.listing import Backup, Listing
from zmward.backups.repository import when
from zmward.doors import backup_engines as engines
from zmward.doors.beside import failure, started
from zmward.errors import Incomplete
from zmward.sources.source import Unreadable

_PIECE: Final = 1 << 18
_MOST_FILES: Final = 2_000_000
_WAIT: Final = 30


class Item(msgspec.Struct, frozen=True):
    """A file within a backup: its path there, its bytes, which backup, how old.

    `made` is when its backup was made, `written` when it was itself, never later.
    """

    path: str
    size: int
    backup: str
    made: float
    written: float = math.inf

    def __post_init__(self) -> None:
        """Let a time that is not known, or still to come, be that of the backup."""
        msgspec.structs.force_setattr(self, "written", min(self.written, self.made))

    @property
    def name(self) -> str:
        """Return the last part of the path."""
        return self.path.rpartition("/")[2]


class Lost(Exception):  # it becomes a part that is bad
    """A copy could not give a file whole; its text says why."""


class Giver(Protocol):
    """Gives bytes in their order, none at the end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most so many."""


class Stream:
    """The bytes of a file, from wherever; how long they took, and their checksum."""

    def __init__(self, source: Giver, end: Callable[[], str]) -> None:
        self._source, self._end = source, end
        self.bytes, self.waited = 0, 0.0
        self.digest = hashlib.sha256()

    def read(self, size: int = _PIECE) -> bytes:
        """Return the next bytes, none at the end; raise Lost where it broke off."""
        began = time.monotonic()
        try:
            piece = self._source.read(size)
        except OSError as error:
            raise Lost(f"it cannot be read: {error.strerror}") from error
        self.waited += time.monotonic() - began
        self.bytes += len(piece)
        self.digest.update(piece)
        if not piece and (said := self._end()):
            raise Lost(said)
        return piece


class Opened:
    """A stream that is open; leave it to end what feeds it."""

    def __init__(self, stream: Stream, close: Callable[[], None]) -> None:
        self.stream, self._close = stream, close

    def __enter__(self) -> Stream:
        """Return the stream."""
        return self.stream

    def __exit__(self, *_raised: object) -> None:
        """Close it, and end the program behind it."""
        self._close()


def _walked(place: Path, backup: Backup) -> Iterator[Item]:
    """Yield the plain files of a folder, through no link."""
    root = place / backup.name
    found = root.lstat()
    if stat.S_ISREG(found.st_mode):
        own = (backup.name, backup.when, found.st_mtime)
        yield Item(backup.name, found.st_size, *own)
    for folder, _, names in os.walk(root, followlinks=False):
        for name in names:
            path = Path(folder) / name
            try:
                seen = path.lstat()
            except FileNotFoundError:
                # Old ones are removed while it is read.
                continue
            if stat.S_ISREG(seen.st_mode):
                relative = str(path.relative_to(place))
                own = (backup.name, backup.when, seen.st_mtime)
                yield Item(relative, seen.st_size, *own)


class _Listed(msgspec.Struct, frozen=True):
    """A line of `restic ls --json` or of `borg list --json-lines`."""

    path: str = ""
    type: str = ""
    size: int = 0
    mtime: str = ""

    @property
    def written(self) -> float:
        """Return when the file was written (epoch); infinity where it is not said."""
        try:
            return when(self.mtime)
        except Unreadable:
            return math.inf


def _program(argv: tuple[str, ...]) -> Opened:
    """Start an engine whose output is the stream."""
    errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the stream
    process = started(
        argv,
        stop="TERM",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        errors=errors,
        env={"LC_ALL": "C"},
    )

    def close() -> None:
        if process.stdout is not None:
            process.stdout.close()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_WAIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        errors.close()

    if process.stdout is None:
        raise Incomplete("An engine gave no output.")

    def ended() -> str:
        return failure(process, errors, "its engine")

    return Opened(Stream(process.stdout, ended), close)


def _lines(argv: tuple[str, ...]) -> Iterator[bytes]:
    with _program(argv) as stream:
        left = b""
        while piece := stream.read():
            *rows, left = (left + piece).split(b"\n")
            yield from rows
        if left.strip():
            yield left


def _named(copy: Copy, piece: str, made: float) -> Iterator[Item]:
    """Yield the files of one snapshot or archive."""
    place = f"{copy.place}::{piece}"
    words: tuple[str, ...] = ("list", "--bypass-lock", "--json-lines", place)
    file = "-"
    if copy.kind == "restic":
        words = ("--no-lock", "--no-cache", "--json", "ls", piece)
        file = "file"
    for row in _lines(engines.called(copy, *words)):
        try:
            found = msgspec.json.decode(row, type=_Listed)
        except ValueError as error:
            raise Lost(f"{copy.kind} lists what is no file: {error}") from error
        if found.type == file and found.path:
            yield Item(found.path, found.size, piece, made, found.written)


def _files(copy: Copy, backup: Backup) -> Iterator[Item]:
    if copy.kind not in {"restic", "borg"}:
        yield from _walked(Path(copy.place), backup)
        return
    for piece in backup.pieces or (backup.name,):
        yield from _named(copy, piece, backup.when)


def items(listing: Listing, backups: tuple[Backup, ...]) -> Iterator[Item]:
    """Yield the files of some backups, at most so many that memory holds them.

    Raise Lost where a copy does not tell.
    """
    count = 0
    for backup in backups:
        try:
            for item in _files(listing.copy, backup):
                count += 1
                if count > _MOST_FILES:
                    return
                yield item
        except OSError as error:
            raise Lost(f"{backup.name} cannot be read: {error.strerror}") from error


def _descended(place: str, path: str) -> int:
    """Open a file below a place, through no link; the place itself may be one.

    Whoever writes there could swap a folder for a link since it was listed.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC
    *folders, name = path.split("/")
    folder = os.open(place, flags | os.O_DIRECTORY)
    try:
        for one in folders:
            own = flags | os.O_DIRECTORY | os.O_NOFOLLOW
            inner = os.open(one, own, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)


def opened(copy: Copy, item: Item) -> Opened:
    """Open a file of a backup; raise Lost where it cannot be."""
    if copy.kind == "restic":
        words = ("--no-lock", "--no-cache", "dump", item.backup, item.path)
        return _program(engines.called(copy, *words))
    if copy.kind == "borg":
        place = f"{copy.place}::{item.backup}"
        words = ("extract", "--bypass-lock", "--stdout", place, f"pp:{item.path}")
        return _program(engines.called(copy, *words))
    path = Path(copy.place) / item.path
    try:
        descriptor = _descended(copy.place, item.path)
    except OSError as error:
        raise Lost(f"{path} cannot be opened: {error.strerror}") from error
    source = os.fdopen(descriptor, "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        source.close()
        raise Lost(f"{path} is no plain file")
    return Opened(Stream(source, lambda: ""), source.close)


class Source(msgspec.Struct, frozen=True):
    """A file of a copy, to be opened when it is its turn."""

    copy: Copy
    item: Item

    def open(self) -> Opened:
        """Open it; raise Lost where it cannot be."""
        return opened(self.copy, self.item)
