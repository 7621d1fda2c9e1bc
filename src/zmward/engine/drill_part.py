"""What the parts of a drill share: feeding a program, and saying how it went."""

import contextlib
import socket
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from zmward.backup_places import Subject
from zmward.backups.listing import State
from zmward.backups.rehearsal import Part
from zmward.doors.backup_streams import Item, Stream
from zmward.doors.scratch import Scratch
from zmward.i18n import mark

Moved = Callable[[int], None]
_GZIP: Final = b"\x1f\x8b"
_WINDOW: Final = 31
_PIECE: Final = 1 << 18
# Who packs in pieces puts something into each.
_MEMBERS: Final = 1000
_LEAST: Final = 512
# What stays free on the disk, whatever a backup unpacks to.
RESERVE: Final = 256 << 20
# A step of a restore that takes longer than this may never end.
_PATIENCE: Final = 3600.0
_AGAIN: Final = mark("make the backup anew, and see why this one does not restore")
_STEPS: Final = {
    "well": "",
    "bad": _AGAIN,
    "unknown": mark("see what hindered it, then run the drill again"),
}
_SEALED: Final = (b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh")


class Unfit(Exception):  # it becomes a part that is bad or unknown
    """A part was not restored; `sure` says whether the backup is to blame."""

    def __init__(self, text: str, *, sure: bool = True, step: str = "") -> None:
        self.sure, self.step = sure, step
        super().__init__(text)


class Reading(msgspec.Struct, frozen=True):
    """What was read of a backup: bytes, seconds spent waiting for them, checksum."""

    bytes: int = 0
    waited: float = 0.0
    sha256: str = ""


def reading(stream: Stream) -> Reading:
    """Return what was read of a stream."""
    return Reading(stream.bytes, stream.waited, stream.digest.hexdigest())


def part(
    subject: Subject,
    item: Item,
    state: State,
    text: str,
    read: Reading,
    *,
    whole: float = 0.0,
    counts: dict[str, int] | None = None,
    step: str = "",
) -> Part:
    """Return how a part went; `whole` are all its seconds, the waiting included."""
    return Part(
        subject=subject,
        state=state,
        text=text,
        step=step or _STEPS[state],
        source=f"{item.backup}: {item.path}",
        bytes=read.bytes,
        seconds=max(whole - read.waited, 0.0),
        fetch_seconds=read.waited,
        sha256=read.sha256,
        counts=counts or {},
    )


def untried(subject: Subject, text: str, step: str) -> Part:
    """Return a part that could not be tried."""
    return Part(subject, "unknown", text, step)


def failed(subject: Subject, item: Item, error: Exception) -> Part:
    """Return a part that was not restored, and whether the backup is to blame."""
    sure = error.sure if isinstance(error, Unfit) else True
    step = error.step if isinstance(error, Unfit) else ""
    text = str(error) or "an entry of it never ends"
    state: State = "bad" if sure else "unknown"
    return part(subject, item, state, text, Reading(), step=step)


def roomy(scratch: Scratch, wanted: int) -> None:
    """Raise Unfit where so many bytes find no room in the scratch."""
    if scratch.free < wanted + RESERVE:
        raise Unfit(
            f"{scratch.folder.parent} has {scratch.free >> 20} MiB free, and "
            f"{(wanted + RESERVE) >> 20} MiB are needed",
            sure=False,
            step=mark("make room, or name another place: scratch in [backups]"),
        )


def _unzipped(first: bytes, read: Callable[[int], bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(_WINDOW)
    piece = first
    members = given = 0
    try:
        while piece:
            got = engine.decompress(piece, _PIECE)
            if got:
                given += len(got)
                yield got
            if engine.eof:
                piece = engine.unused_data or read(_PIECE)
                # Blocks of tapes and some tools fill up with zeros.
                if piece.strip(b"\0"):
                    engine = zlib.decompressobj(_WINDOW)
                    members += 1
                    if members > _MEMBERS and given < members * _LEAST:
                        raise Unfit("it is packed in pieces that hold nothing")
                    continue
                return
            piece = engine.unconsumed_tail or read(_PIECE)
    except zlib.error as error:
        raise Unfit(f"its compression is damaged: {error}") from error
    raise Unfit("it breaks off: the end of its compression is missing")


def plain(stream: Stream, moved: Moved) -> Iterator[bytes]:
    """Yield what a stream holds, unpacked if it is gzip's; raise Unfit if broken."""

    def read(size: int) -> bytes:
        piece = stream.read(size)
        moved(stream.bytes)
        return piece

    first = read(_PIECE)
    if first.startswith(_SEALED):
        step = mark("unpack it by hand, and rehearse on that")
        raise Unfit("zmward does not unpack this compression", sure=False, step=step)
    if first.startswith(_GZIP):
        yield from _unzipped(first, read)
        return
    while first:
        yield first
        first = read(_PIECE)


class Fed:
    """A program that is given bytes; what it complains about is kept, bounded."""

    def __init__(self, scratch: Scratch, argv: tuple[str, ...], place: Path) -> None:
        self._scratch = scratch
        # What a program complains fills the scratch at most, which is watched.
        self._errors: IO[bytes] = tempfile.TemporaryFile(  # noqa: SIM115  # closed with it
            dir=scratch.folder
        )
        self._process = scratch.start(
            argv, place=place, given=subprocess.PIPE, error=self._errors
        )

    def take(self, pieces: Iterator[bytes]) -> tuple[int, str]:
        """Give all pieces; return the program's exit code and its last words.

        What follows is read to its end though the program has gone.
        """
        try:
            going = True
            for piece in pieces:
                self._bounded()
                with self._scratch.within(_PATIENCE):
                    going = going and self._give(piece)
            with self._scratch.within(_PATIENCE):
                code, said = self._over()
            if self._scratch.full or self._scratch.stalled:
                self._bounded()
            if not going and not code:
                raise Unfit("its program ended before the backup did")
            return code, said
        finally:
            self._scratch.end(self._process)
            self._errors.close()

    def _bounded(self) -> None:
        if self._scratch.full or self._scratch.free < RESERVE // 2:
            place = self._scratch.folder.parent
            raise Unfit(f"{place} is full: stopped", sure=False)
        if self._scratch.stalled:
            text = (
                f"it keeps its program busy for {_PATIENCE / 60:.0f} minutes: stopped"
            )
            raise Unfit(text, sure=False)

    def _give(self, piece: bytes) -> bool:
        pipe = self._process.stdin
        if pipe is None:
            return False
        try:
            pipe.write(piece)
        except OSError:
            return False
        return True

    def _over(self) -> tuple[int, str]:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        code = self._process.wait()
        size = self._errors.seek(0, 2)
        self._errors.seek(max(size - 2000, 0))
        said = " ".join(self._errors.read().decode("utf-8", "replace").split())
        return code, said[-400:]


def ready(place: Path, process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait until a daemon takes connections at its socket; say whether it does.

    The socket is a file before anybody listens there.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(1)
            caller.connect(str(place))
            return True
        time.sleep(0.05)
    return False
