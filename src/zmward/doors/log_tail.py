"""One log that is still being written, followed through every way of rotating it.

    there, grows          → its new whole lines; a half-written one waits for its end
    renamed, a new one    → the old one for a minute more, the new one from its begin
    copied and truncated  → the rest of the copy, then the file from its begin
    away                  → nothing; from its begin once it is there

The bytes before a place tell whether it is still the same: a file can be truncated and
grow beyond that place between two looks.
"""

import errno
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from zmward.doors.log_files import NoFile, behind_zeros, plain, rotated
from zmward.doors.packed import FAULTS, PACKINGS, unpacked

_BLOCK = 1 << 20
_LONGEST = 1 << 16
_MARK = 64
# How much of two files tells whether one is a copy of the other.
_HEAD = 4096
# How many seconds a renamed file is read on, and an unfinished pair of lines waits.
_LATE, _PATIENCE = 60.0, 3.0
# Within so many seconds a writer goes on with what it has begun to write.
_REST = 0.02
# So long a look passes a line that is too long.
_PASSING = 0.2


# The inode, time and name of a rotated file.
_Other = tuple[int, int, Path]


class Spot(msgspec.Struct, array_like=True):
    """How far a file was read: its inode, the place, and the bytes before it.

    Lines end alike, so its first bytes count as well: there stands when it began.
    `skips` is true within a line that is too long, whose rest is dropped. Of a file
    that nothing was read of, no byte tells whether it was copied and truncated: `known`
    are the inodes and times of the rotated files then; another one is such a copy.
    `within` is for how many blocks more its lines may be what a client wrote.
    """

    device: int
    inode: int
    at: int
    mark: bytes = b""
    skips: bool = False
    known: list[tuple[int, int]] = []
    head: bytes = b""
    within: int = 0


class Held:
    """A file that is held open, and how far it was read."""

    def __init__(self, file: IO[bytes], spot: Spot) -> None:
        self.file, self.spot = file, spot
        self.until = 0.0
        # Whether more was there behind the last block when it was taken.
        self.cut = False
        self._waits = 0.0

    def size(self) -> int:
        """Return how long it is now."""
        return os.fstat(self.file.fileno()).st_size

    def rests(self) -> bool:
        """Return whether nobody is just writing behind what was read."""
        time.sleep(_REST)
        return self.size() <= self.spot.at

    def same(self) -> bool:
        """Return whether what was read is still there."""
        spot, file = self.spot, self.file.fileno()
        begin = max(spot.at - len(spot.mark), 0)
        return (
            self.size() >= spot.at
            and os.pread(file, len(spot.mark), begin) == spot.mark
            and os.pread(file, len(spot.head), 0) == spot.head
        )

    def move(self, to: int) -> None:
        """Note that all before a place was read."""
        length = min(to, _MARK)
        self.spot.mark = os.pread(self.file.fileno(), length, to - length)
        self.spot.head = os.pread(self.file.fileno(), length, 0)
        self.spot.at = to
        self.spot.known = []

    def take(self, pair: bytes, *, final: bool = False) -> bytes:
        """Return the next whole lines, up to a block; of a huge line its begin.

        A last line that ends with `pair` may go on in the next: it waits a little.
        """
        spot = self.spot
        if spot.skips:
            self._skip()
        if spot.skips:
            return b""
        block = os.pread(self.file.fileno(), _BLOCK, spot.at)
        lines = block if final else block[: block.rfind(b"\n") + 1]
        self.cut = len(lines) < len(block) or len(block) == _BLOCK
        if not lines and len(block) == _BLOCK:
            spot.skips = True
            self.move(spot.at + len(block))
            return block[:_LONGEST] + b"\n"
        if pair and not final and lines.endswith(pair) and self._wait():
            lines = lines[: lines.rfind(b"\n", 0, -1) + 1]
        elif lines:
            self._waits = 0.0
        if lines:
            self.move(spot.at + len(lines))
        return lines.lstrip(b"\0")

    def _skip(self) -> None:
        """Pass the rest of a line that is too long, as far as a look may go on."""
        spot, file = self.spot, self.file.fileno()
        at, until = spot.at, time.monotonic() + _PASSING
        while spot.skips and (block := os.pread(file, _BLOCK, at)):
            end = block.find(b"\n") + 1
            spot.skips = end == 0
            at += end or len(block)
            if time.monotonic() >= until:
                break
        if at > spot.at:
            self.move(at)

    def _wait(self) -> bool:
        """Return whether an unfinished pair has not waited for long."""
        self._waits = self._waits or time.monotonic()
        return time.monotonic() - self._waits < _PATIENCE


def _plain(path: Path) -> IO[bytes]:
    """Open a file; what is packed is unpacked into one without a name."""
    file = plain(path)
    packed = unpacked(file)
    if packed is None:
        return file
    copy = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # it is held open
    try:
        with file, packed:
            _copied(packed, copy)
    except BaseException:
        copy.close()
        raise
    return copy


def _copied(packed: IO[bytes], copy: IO[bytes]) -> None:
    """Copy what is packed; it may be far more than the disk has room for."""
    room = os.fstatvfs(copy.fileno())
    left = room.f_bavail * room.f_frsize // 2
    while block := packed.read(_BLOCK):
        left -= len(block)
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        copy.write(block)


def _is_packed(path: Path) -> bool:
    try:
        with plain(path) as file:
            return os.pread(file.fileno(), _MARK, 0).startswith(PACKINGS)
    except OSError:
        return True


def _head(path: Path) -> bytes:
    """Return how a file begins; nothing where that tells it from no other."""
    try:
        with plain(path) as file:
            packed = unpacked(file)
            if packed is None:
                head = os.pread(file.fileno(), _HEAD, 0)
            else:
                head = b""
                with packed:
                    while block := packed.read(_HEAD - len(head)):
                        head += block
    except FAULTS:
        return b""
    return head if len(head[:_MARK].lstrip(b"\0")) == _MARK else b""


def _like(head: bytes, heads: set[bytes]) -> list[bytes]:
    """Return those that begin as another does, as far as both of them go."""
    if not head:
        return []
    return [one for one in heads if one.startswith(head) or head.startswith(one)]


def _found(path: Path, spot: Spot) -> Held | None:
    """Return a file that holds what was read up to a place, opened there."""
    held = Held(_plain(path), spot)
    inode = path.stat().st_ino
    if (spot.mark or inode == spot.inode) and held.same():
        # The number of a file that is gone may be given to another.
        spot.inode = inode
        return held
    held.file.close()
    return None


class Tail:
    """The lines of one log as they come."""

    def __init__(self, path: Path, pair: bytes = b"") -> None:
        self.path, self._pair = path, pair
        self.notes: list[str] = []
        self._old: list[Held] = []
        self._live: Held | None = None

    def spots(self) -> list[Spot]:
        """Return how far its files were read, for the next start."""
        return [one.spot for one in self._all()]

    def close(self) -> None:
        """Let go of its files."""
        for held in self._all():
            held.file.close()

    def _all(self) -> list[Held]:
        return [*self._old, *([self._live] if self._live else [])]

    def to_end(self) -> None:
        """Begin behind what is there; in a half-written line, at its begin."""
        self._look()
        if self._live is not None:
            size = self._live.size()
            begin = max(size - _BLOCK, 0)
            block = os.pread(self._live.file.fileno(), size - begin, begin)
            self._live.move(begin + block.rfind(b"\n") + 1)
            self._copied(self._live)

    def resume(self, spots: Sequence[Spot]) -> None:
        """Go on where an earlier run ended, in whichever files that is now."""
        self._look()
        for number, spot in enumerate(spots):
            last = number + 1 == len(spots)
            live = self._live
            if live is not None and live.spot.inode == spot.inode:
                begin, live.spot = live.spot, spot
                if live.same():
                    self._copied(live)
                    continue
                live.spot = begin
            self._rest(spot, newer=last)

    def _look(self) -> None:
        """Find the file that is written now."""
        try:
            file = plain(self.path)
        except (FileNotFoundError, NoFile):
            return
        except OSError as error:
            self._note(f"{self.path} cannot be read: {error.strerror}")
            return
        status = os.fstat(file.fileno())
        live = self._live
        if live is not None and (live.spot.device, live.spot.inode) == (
            status.st_dev,
            status.st_ino,
        ):
            file.close()
            return
        if live is not None:
            live.until = time.monotonic() + _LATE
            self._old.append(live)
        self._live = Held(file, Spot(status.st_dev, status.st_ino, 0))
        self._live.move(behind_zeros(file.fileno(), status.st_size))
        self._copied(self._live)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _others(self) -> list[_Other]:
        """Return the inodes, times and names of the rotated files, oldest first."""
        live = self._live.spot.inode if self._live else 0
        found = []
        for path in self.path.parent.glob(f"{self.path.name}?*"):
            try:
                status = path.stat()
            except OSError:
                continue
            own = rotated(path, self.path.name) and path.is_file()
            if own and status.st_ino != live:
                found.append((status.st_mtime_ns, path.name, status.st_ino, path))
        return [(inode, at, path) for at, _, inode, path in sorted(found)]

    def _rest(self, spot: Spot, *, newer: bool) -> None:
        """Read the rest of a file that has another name now, and newer ones whole."""
        others = self._others()
        for number in reversed(range(len(others))):
            path = others[number][2]
            try:
                held = _found(path, spot)
            except FAULTS:
                continue
            if held is not None:
                self._old.append(held)
                if newer:
                    self._whole(others[number + 1 :], others[: number + 1])
                return
        if spot.at:
            self._note(f"{self.path}: what followed its last known line is lost")

    def _whole(self, others: Sequence[_Other], read: Sequence[_Other]) -> None:
        """Read files whole, but for what begins as another does: that is a copy."""
        if not others:
            return
        known = {self.path, *(path for _, _, path in read)}
        heads = {_head(path) for path in known} - {b""}
        for inode, _, path in others:
            if inode in {one.spot.inode for one in self._old}:
                continue
            head = _head(path)
            if like := _like(head, heads):
                # A short one that another begins with is told with that one.
                if len(head) == _HEAD or len(head) > max(map(len, like)):
                    self._note(f"{path} is taken for a copy: it begins as another does")
                continue
            if head:
                heads.add(head)
            try:
                file = _plain(path)
            except FAULTS as error:
                self._note(f"{path} cannot be read: {error}")
                continue
            self._old.append(Held(file, Spot(0, inode, 0)))

    def _truncated(self, live: Held) -> None:
        """Read the rest of the copy of a file that was truncated, then its begin."""
        spot = live.spot
        live.spot = Spot(spot.device, spot.inode, 0)
        live.move(behind_zeros(live.file.fileno(), live.size()))
        self._rest(spot, newer=False)

    def _copied(self, live: Held) -> None:
        """Read a file whole that was copied and truncated before anything was read."""
        if live.spot.at:
            return
        others = self._others()
        if live.spot.known:
            read = [one for one in others if one[:2] in live.spot.known]
            new = (one for one in others if one[:2] not in live.spot.known)
            self._whole([one for one in new if not _is_packed(one[2])], read)
        # The live file's own inode is known too: the list is never empty.
        live.spot.known = [(live.spot.inode, 0), *(one[:2] for one in others)]

    def poll(self) -> Iterator[tuple[Held, bytes, bool]]:
        """Yield new lines, the file they are of, and whether there is more of it."""
        if self._live is None or not self._is_there(self._live):
            self._look()
        live = self._live
        if live is not None and not live.same():
            self._truncated(live)
        if live is not None:
            self._copied(live)
        for held in list(self._old):
            yield from self._blocks(held)
            if self._more(held):
                # What was written later would only wait.
                return
            if held.until <= time.monotonic():
                if last := held.take(self._pair, final=True):
                    yield held, last, False
                self._old.remove(held)
                held.file.close()
        if live is not None:
            yield from self._blocks(live)

    def _is_there(self, live: Held) -> bool:
        try:
            status = self.path.stat()
        except OSError:
            return True
        return (live.spot.device, live.spot.inode) == (status.st_dev, status.st_ino)

    @staticmethod
    def _more(held: Held) -> bool:
        least = 1 if held.spot.skips else _BLOCK
        return held.size() - held.spot.at >= least

    def _blocks(self, held: Held) -> Iterator[tuple[Held, bytes, bool]]:
        lines = held.take(self._pair)
        more = self._more(held)
        if lines or (more and held.spot.skips):
            yield held, lines, more
