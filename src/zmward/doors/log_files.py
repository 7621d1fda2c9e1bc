"""Log files as blocks of whole lines: plain or packed, rotated under our feet or not.

Blocks are read, not mapped: a mapped file that logrotate truncates ends the process
with SIGBUS, and its pages count as our memory.
"""

import bz2
import gzip
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from zmward.catalog.log_pattern import Log

FOLDERS: Final = (Path("/opt/zimbra/log"), Path("/var/log"))
_BLOCK = 1 << 20
_LONGEST = 1 << 17
_TAIL = 64
_MAGIC = 6
# What follows the name: a date or number of rotation, then the packing.
_ROTATED = r"(?:[.-][0-9][0-9-]*)*(?:\.(?:gz|xz|bz2|zst))?$"
_BEGINS: Final[tuple[tuple[str, Log], ...]] = (
    ("audit.log", "audit"),
    ("mailbox.log", "mailbox"),
    ("sync.log", "sync"),
    ("zmmailboxd.out", "out"),
    ("nginx.access.log", "nginx-access"),
    ("nginx.log", "nginx"),
    ("access_log", "access"),
    ("zimbra.log", "syslog"),
)
_NAMES: Final[tuple[tuple[re.Pattern[str], Log], ...]] = tuple(
    (re.compile(re.escape(name) + _ROTATED), log) for name, log in _BEGINS
)
_FAULTS = (OSError, EOFError, lzma.LZMAError, zlib.error)


class Opened(msgspec.Struct):
    """A file that is held open, so that a rename cannot take it away."""

    path: Path
    log: Log
    file: IO[bytes]
    size: int
    written: float
    inode: tuple[int, int]


def kind(path: Path) -> Log | None:
    """Return which log a file of a folder is, by its name."""
    for pattern, log in _NAMES:
        if pattern.match(path.name):
            return log
    return None


def named(path: Path) -> Log | None:
    """Return which log a file is that a person names: what follows may be anything."""
    for name, log in _BEGINS:
        if path.name.startswith(name):
            return log
    return None


class LogFiles:
    """Opens the logs of folders and single files, and says what it could not read."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.unread = 0
        self.opened: list[Opened] = []
        self._inodes: set[tuple[int, int]] = set()
        self._copies: list[IO[bytes]] = []

    def close(self) -> None:
        """Let go of every file."""
        for file in (*(one.file for one in self.opened), *self._copies):
            file.close()

    def missed(self, text: str) -> None:
        """Note something that could not be read."""
        self.unread += 1
        self.notes.append(text)

    def open(self, path: Path, log: Log) -> None:
        """Open a file, unless it is already open under another name."""
        try:
            # A pipe in the place of a log would hold us up for ever.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            file = os.fdopen(descriptor, "rb", buffering=0)
        except FileNotFoundError:
            return
        except OSError as error:
            self.missed(f"{path} cannot be read: {error.strerror}")
            return
        status = os.fstat(file.fileno())
        inode = (status.st_dev, status.st_ino)
        if inode in self._inodes or not path.is_file():
            file.close()
            return
        self._inodes.add(inode)
        self.opened.append(
            Opened(path, log, file, status.st_size, status.st_mtime, inode)
        )

    def folder(self, folder: Path, since: float) -> None:
        """Open the logs of a folder; again, until no rotation came between."""
        for _ in range(3):
            before = len(self._inodes)
            try:
                paths = sorted(folder.iterdir())
            except FileNotFoundError:
                return
            except OSError as error:
                self.missed(f"{folder} cannot be read: {error.strerror}")
                return
            for path in paths:
                log = kind(path)
                if log and _newest(path) >= since:
                    self.open(path, log)
            if len(self._inodes) == before:
                return

    def blocks(self, opened: Opened) -> Iterator[bytes]:
        """Yield a file as blocks of whole lines; a half-written last line is left."""
        try:
            yield from _whole(self._read(opened))
        except _FAULTS as error:
            self.missed(f"{opened.path} ends early: {_reason(error)}")
        finally:
            opened.file.close()

    def _read(self, opened: Opened) -> Callable[[], bytes]:
        magic = opened.file.read(_MAGIC)
        opened.file.seek(0)
        unpacked = _unpacked(opened.file, magic)
        if unpacked is not None:
            return lambda: unpacked.read(_BLOCK)
        if magic.startswith(b"\x28\xb5\x2f\xfd"):
            self.missed(f"{opened.path} is packed with zstd: unpack it first")
            return lambda: b""
        return _Plain(opened, self._continued).read

    def _continued(self, opened: Opened, at: int, tail: bytes) -> IO[bytes] | None:
        """Return the copy of a file that was truncated while it was read."""
        name = opened.path.name
        for path in sorted(opened.path.parent.glob(f"{name}*"), key=_newest)[::-1]:
            try:
                file = path.open("rb", buffering=0)
            except OSError:
                continue
            status = os.fstat(file.fileno())
            inode = (status.st_dev, status.st_ino)
            if inode not in self._inodes and status.st_size >= at:
                file.seek(at - len(tail))
                if file.read(len(tail)) == tail:
                    self._inodes.add(inode)
                    self._copies.append(file)
                    return file
            file.close()
        self.missed(f"{opened.path} was truncated while it was read")
        return None


class _Plain:
    """Reads a file up to its size when it was opened, also through a truncation."""

    def __init__(
        self,
        opened: Opened,
        continued: Callable[[Opened, int, bytes], IO[bytes] | None],
    ) -> None:
        self._opened, self._continued = opened, continued
        self._file: IO[bytes] | None = opened.file
        self._at = 0
        self._tail = b""

    def read(self) -> bytes:
        left = self._opened.size - self._at
        if left <= 0 or self._file is None:
            return b""
        block = self._file.read(min(_BLOCK, left))
        if not block and self._file is self._opened.file:
            self._file = self._continued(self._opened, self._at, self._tail)
            return self.read()
        self._at += len(block)
        self._tail = (self._tail + block[-_TAIL:])[-_TAIL:]
        return block


def _newest(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or "its packing is damaged"


def _unpacked(file: IO[bytes], magic: bytes) -> IO[bytes] | None:
    if magic.startswith(b"\x1f\x8b"):
        return gzip.open(file, "rb")  # type: ignore[return-value]  # reads bytes
    if magic.startswith(b"\xfd7zXZ"):
        return lzma.open(file, "rb")
    if magic.startswith(b"BZh"):
        return bz2.open(file, "rb")
    return None


def _whole(read: Callable[[], bytes]) -> Iterator[bytes]:
    """Yield blocks that end at the end of a line; of a huge line, its begin."""
    rest = b""
    while chunk := read():
        end = chunk.rfind(b"\n")
        if end < 0:
            if len(rest) < _LONGEST:
                # A writer that did not notice a truncation leaves zeros behind.
                rest = (rest + chunk).lstrip(b"\0")[:_LONGEST]
            continue
        block = rest + chunk[: end + 1] if rest else chunk[: end + 1]
        yield block.lstrip(b"\0")
        rest = chunk[end + 1 :]
