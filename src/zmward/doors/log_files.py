"""Log files as pieces of whole lines: plain or packed, rotated under our feet or not.

Pieces are read, not mapped: a mapped file that logrotate truncates ends the process
with SIGBUS, and its pages count as our memory. A line is of the piece it begins in, so
that a file can be cut anywhere.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from zmward.catalog.log_pattern import Log
from zmward.doors.packed import FAULTS, PACKINGS, NotUnpacked, unpacked

FOLDERS: Final = (Path("/opt/zimbra/log"), Path("/var/log"))
_BLOCK = 1 << 20
# How far the last line of a piece is read at once, and at most.
_AHEAD, _LONGEST = 1 << 17, 1 << 20
_MARK = 64
_MAGIC = 6
# What follows the name: a date or number of rotation, then the packing.
_ROTATED = r"(?:[.-][0-9][0-9-]*)*(?:\.(?:gz|xz|bz2|zst))?$"
LIVE: Final[tuple[tuple[str, Log], ...]] = (
    ("audit.log", "audit"),
    ("mailbox.log", "mailbox"),
    ("sync.log", "sync"),
    ("zmmailboxd.out", "out"),
    ("nginx.access.log", "nginx-access"),
    ("nginx.log", "nginx"),
    ("access_log", "access"),
    ("zimbra.log", "syslog"),
    ("auth.log", "auth"),
    ("secure", "auth"),
)
_NAMES: Final[tuple[tuple[re.Pattern[str], Log], ...]] = tuple(
    (re.compile(re.escape(name) + _ROTATED), log) for name, log in LIVE
)


_SEEN = getattr(os, "O_PATH", 0)


class NoFile(OSError):
    """What has the name of a log is a folder, a pipe or a device."""


def plain(path: Path) -> IO[bytes]:
    """Open a plain file, and nothing else: to open a pipe or a device has effects.

    Whoever may write to the folder can swap what has the name, so what was looked at
    is what is opened.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags | _SEEN)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NoFile(None, "it is no plain file", str(path))
        if not _SEEN:
            return os.fdopen(os.dup(descriptor), "rb", buffering=0)
        again = os.open(f"/proc/self/fd/{descriptor}", flags)
        return os.fdopen(again, "rb", buffering=0)
    finally:
        os.close(descriptor)


class Opened(msgspec.Struct):
    """A file that is held open, so that a rename cannot take it away.

    `begin` is where its lines begin, behind zeros that a truncation left. `head` and
    `mark` are its first and last bytes when it was opened: a copy is known by them.
    """

    path: Path
    log: Log
    file: IO[bytes]
    size: int
    written: float
    inode: tuple[int, int]
    begin: int = 0
    head: bytes = b""
    mark: bytes = b""

    @property
    def packed(self) -> bool:
        """Return whether it can be read from its begin alone."""
        return self.head.startswith(PACKINGS)


class Piece(msgspec.Struct, frozen=True):
    """A piece of a file: the lines of a block from `first` up to `end`, and some more.

    What follows `end` is there for what reaches over the end of a line. `lines` says
    how many there are.
    """

    block: bytes
    first: int
    end: int
    lines: int


def kind(path: Path) -> Log | None:
    """Return which log a file of a folder is, by its name."""
    for pattern, log in _NAMES:
        if pattern.match(path.name):
            return log
    return None


def rotated(path: Path, name: str) -> bool:
    """Return whether a file was of that name before it was rotated, by its own name."""
    return re.match(re.escape(name) + r"(?=.)" + _ROTATED, path.name) is not None


def named(path: Path) -> Log | None:
    """Return which log a file is that a person names: what follows may be anything."""
    for name, log in LIVE:
        if path.name.startswith(name):
            return log
    return None


def live(folder: Path, name: str) -> Path:
    """Return the file of a log that is written now.

    mailboxd's access_log has the day in its name: it is the last of them.
    """
    path = folder / name
    if name != "access_log" or _newest(path):
        return path
    dated = (one for one in folder.glob(f"{name}.*") if one.suffix[1:2].isdigit())
    return max(dated, default=path)


class LogFiles:
    """Opens the logs of folders and single files, and says what it could not read."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.unread = 0
        self.opened: list[Opened] = []
        self._inodes: set[tuple[int, int]] = set()
        self._copies: dict[tuple[int, int], IO[bytes] | None] = {}

    def close(self) -> None:
        """Let go of every file."""
        for file in (*(one.file for one in self.opened), *self._copies.values()):
            if file is not None:
                file.close()

    def missed(self, text: str) -> None:
        """Note something that could not be read, once."""
        if text not in self.notes:
            self.unread += 1
            self.notes.append(text)

    def open(self, path: Path, log: Log) -> None:
        """Open a file, unless it is already open under another name."""
        try:
            file = plain(path)
        except (FileNotFoundError, NoFile):
            return
        except OSError as error:
            self.missed(f"{path} cannot be read: {error.strerror}")
            return
        descriptor = file.fileno()
        status = os.fstat(descriptor)
        inode = (status.st_dev, status.st_ino)
        if inode in self._inodes:
            file.close()
            return
        self._inodes.add(inode)
        size = status.st_size
        head = os.pread(descriptor, _MARK, 0)
        self.opened.append(
            Opened(
                *(path, log, file, size, status.st_mtime, inode),
                begin=behind_zeros(descriptor, size),
                head=head,
                mark=os.pread(descriptor, _MARK, max(size - _MARK, 0)),
            )
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

    def pieces(self, opened: Opened) -> Iterator[Piece]:
        """Yield a packed file as pieces; a half-written last line is left."""
        try:
            stream = unpacked(opened.file)
            if stream is None:
                return
            with stream:
                for block in _whole(lambda: stream.read(_BLOCK)):
                    yield Piece(block, 0, len(block), block.count(b"\n"))
        except NotUnpacked as error:
            self.missed(f"{opened.path} cannot be read: {error.strerror}")
        except FAULTS as error:
            self.missed(f"{opened.path} ends early: {_reason(error)}")

    def piece(self, opened: Opened, begin: int, end: int) -> Piece:
        """Return the lines of a plain file that begin between two places."""
        try:
            return self._piece(opened, max(begin, opened.begin), min(end, opened.size))
        except OSError as error:
            self.missed(f"{opened.path} ends early: {_reason(error)}")
            return Piece(b"", 0, 0, 0)

    def _piece(
        self, opened: Opened, begin: int, end: int, ahead: int = _AHEAD
    ) -> Piece:
        # The byte before tells whether a line begins here.
        start = max(begin - 1, opened.begin)
        block = self._at(opened, start, min(end + ahead, opened.size) - start)
        if start + len(block) >= opened.size:
            block = block[: block.rfind(b"\n") + 1]
        first = 0 if begin == opened.begin else block.find(b"\n") + 1
        if (first == 0 and begin != opened.begin) or start + first >= end:
            return Piece(b"", 0, 0, 0)
        stop = block.find(b"\n", end - 1 - start) + 1
        lines = block.count(b"\n", first, stop or len(block))
        if stop:
            return Piece(block, first, stop, lines)
        if ahead < _LONGEST and start + len(block) < opened.size:
            return self._piece(opened, begin, end, _LONGEST)
        if start + len(block) < opened.size and self._ends(opened, start + len(block)):
            # A line so long that its end was not read: its begin is enough.
            return Piece(block, first, len(block), lines + 1)
        return Piece(block, first, block.rfind(b"\n") + 1, lines)

    def _ends(self, opened: Opened, at: int) -> bool:
        """Return whether a line ends somewhere behind a place."""
        while block := self._at(opened, at, min(_BLOCK, opened.size - at)):
            if b"\n" in block:
                return True
            at += len(block)
        return False

    def _at(self, opened: Opened, at: int, length: int) -> bytes:
        """Return bytes of a file as it was when it was opened, also after that."""
        if length <= 0:
            return b""
        file: IO[bytes] | None = opened.file
        if opened.inode not in self._copies:
            block = _read(opened.file, at, length)
            if len(block) == length and _same(opened.file, opened):
                return block
            self._copies[opened.inode] = self._copy(opened)
        file = self._copies[opened.inode]
        return b"" if file is None else _read(file, at, length)

    def _copy(self, opened: Opened) -> IO[bytes] | None:
        """Return the copy of a file that was truncated while it was read."""
        name = opened.path.name
        for path in sorted(opened.path.parent.glob(f"{name}*"), key=_newest)[::-1]:
            try:
                file = plain(path)
            except OSError:
                continue
            status = os.fstat(file.fileno())
            inode = (status.st_dev, status.st_ino)
            if inode not in self._inodes and _same(file, opened):
                return file
            file.close()
        self.missed(f"{opened.path} was truncated while it was read")
        return None


def _same(file: IO[bytes], opened: Opened) -> bool:
    """Return whether a file holds what another did; the first bytes tell its time."""
    mark_at = max(opened.size - _MARK, 0)
    return (
        _read(file, mark_at, len(opened.mark)) == opened.mark
        and _read(file, 0, len(opened.head)) == opened.head
    )


def _read(file: IO[bytes], at: int, length: int) -> bytes:
    """Return bytes of a file; fewer only at its end."""
    block = os.pread(file.fileno(), length, at)
    while len(block) < length and (
        more := os.pread(file.fileno(), length - len(block), at + len(block))
    ):
        block += more
    return block


def behind_zeros(descriptor: int, size: int) -> int:
    """Return where the zeros end that a truncation left at a file's begin.

    A writer that did not notice it goes on where it was, and leaves a hole.
    """
    if os.pread(descriptor, 1, 0) != b"\0":
        return 0
    try:
        at = os.lseek(descriptor, 0, os.SEEK_DATA)
    except OSError:
        return size
    while block := os.pread(descriptor, _BLOCK, at):
        left = block.lstrip(b"\0")
        if left:
            return at + len(block) - len(left)
        at += len(block)
    return size


def _newest(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or "its packing is damaged"


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
