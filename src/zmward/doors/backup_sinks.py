"""The way into a repository: a stream or folders, stored whole or not at all.

An engine that is fed a stream takes its end for the end of the file. So whoever feeds
it ends the engine itself when the stream breaks off, before it sees any end.
"""

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import IO, Final

import msgspec

from zmward.backup_places import Copy
from zmward.backups.repository import OWN_TAG, PARTIAL
from zmward.doors import backup_engines as engines
from zmward.doors.beside import LONGEST, started
from zmward.doors.host import Done, Local
from zmward.errors import Failed, ZmwardError

_WAIT: Final = 600
# Seconds within which an engine takes the next piece: it sends what it has by packs of
# many megabytes, and asks its store again for a quarter of an hour.
STALLED: Final = 3600
_GRACE: Final = 60
_LARGEST: Final = 4 << 20
# restic gives its lock back at an interrupt, borg at either.
_STOPS: Final = {"restic": signal.SIGINT, "borg": signal.SIGTERM}


class Label(msgspec.Struct, frozen=True):
    """How what is stored is found again: host, run, and what the last piece says."""

    host: str
    run: str
    bytes: int | None = None
    partial: bool = False
    parts: tuple[str, ...] = ()

    @property
    def marks(self) -> tuple[str, ...]:
        """Return the words that the last piece bears."""
        if self.bytes is None:
            return ()
        words = [f"bytes-{self.bytes}"]
        words += [PARTIAL] if self.partial else []
        words += [f"parts-{'+'.join(self.parts)}"] if self.parts else []
        return tuple(words)


def _restic(label: Label) -> tuple[str, ...]:
    tags = (OWN_TAG, f"run-{label.run}", *label.marks)
    words = tuple(word for tag in tags for word in ("--tag", tag))
    return ("--json", "--quiet", "backup", "--host", label.host, *words)


class _Size(msgspec.Struct, frozen=True):
    original_size: int = -1


class _Archive(msgspec.Struct, frozen=True):
    stats: _Size = _Size()


class _Said(msgspec.Struct, frozen=True):
    """What either engine says at its end of what it stored."""

    message_type: str = ""
    total_bytes_processed: int = -1
    archive: _Archive = _Archive()


def _stored(copy: Copy, said: bytes) -> int:
    """Return how many bytes an engine says that it stored, -1 if it does not."""
    rows = said.splitlines() if copy.kind == "restic" else [said]
    for row in reversed(rows):
        with contextlib.suppress(ValueError):
            found = msgspec.json.decode(row, type=_Said)
            if copy.kind == "borg":
                return found.archive.stats.original_size
            if found.message_type == "summary":
                return found.total_bytes_processed
    return -1


class Sink:
    """An engine that stores what it is given under a name."""

    def __init__(self, copy: Copy, label: Label, piece: str, file: str) -> None:
        if copy.kind == "restic":
            own = (*_restic(label), "--stdin", "--stdin-filename", file)
        else:
            place = f"{copy.place}::zmward-{label.host}-{label.run}-{piece}"
            comment = ("--comment", " ".join(label.marks)) if label.marks else ()
            own = ("create", "--json", *comment, "--stdin-name", file, place, "-")
        self._copy, self._file = copy, file
        self._out = tempfile.TemporaryFile()  # noqa: SIM115  # closed at the end
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed at the end
        self._process = _started(copy, own, self._out, self._errors)
        self._given = 0
        self._ready = select.poll()
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)
            self._ready.register(self._process.stdin, select.POLLOUT)

    def give(self, piece: bytes) -> None:
        """Give the next bytes; raise Failed where the engine is gone, or stalls."""
        if self._process.stdin is None:
            raise Failed(f"{self._copy.kind} takes nothing.")
        pipe, left = self._process.stdin.fileno(), memoryview(piece)
        until = time.monotonic() + STALLED
        while left:
            patience = max(until - time.monotonic(), 0)
            if not self._ready.poll(patience * 1000):
                raise Failed(
                    f"{self._copy.name}, {self._file}: {self._copy.kind} takes no more "
                    f"of it, {STALLED} seconds waited: see whether its store answers."
                )
            try:
                left = left[os.write(pipe, left) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._failed() from error
        self._given += len(piece)

    def _failed(self) -> Failed:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self._errors.seek(0)
        done = Done(self._process.returncode or 1, b"", self._errors.read(4000))
        trouble = engines.trouble(done, self._copy)
        return Failed(f"{self._copy.name}, {self._file}: {trouble.text}.")

    def finish(self) -> None:
        """Say that this was all; raise Failed unless the engine stored all of it."""
        if self._process.stdin is None:
            raise Failed(f"{self._copy.kind} takes nothing.")
        try:
            self._process.stdin.close()
        except OSError as error:
            raise self._failed() from error
        try:
            code = self._process.wait(_WAIT)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{self._copy.kind} does not end.") from error
        if code:
            raise self._failed()
        self._out.seek(0)
        stored = _stored(self._copy, self._out.read(_LARGEST))
        # borg counts what it writes of its own as well.
        most = self._given if self._copy.kind == "restic" else stored
        if not self._given <= stored <= most:
            raise Failed(
                f"{self._copy.name}, {self._file}: {self._given} bytes were given, and "
                f"{self._copy.kind} says that it stored {stored}."
            )

    def close(self) -> None:
        """End the engine if it still waits for more: then nothing is stored."""
        _ended(self._copy, self._process)
        self._out.close()
        self._errors.close()


def _started(
    copy: Copy, words: Sequence[str], out: IO[bytes], errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    # The repository may have been swapped since it was looked at.
    return started(
        engines.called(copy, *words, plain=False),
        stop="INT" if copy.kind == "restic" else "TERM",
        stdin=subprocess.PIPE,
        stdout=out,
        errors=errors,
        env={"LC_ALL": "C"},
    )


def _ended(copy: Copy, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(_STOPS[copy.kind])
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if copy.kind == "restic":
            # An interrupt that comes while it takes its lock leaves that behind; only
            # locks of programs that are gone are removed.
            with contextlib.suppress(ZmwardError):
                Local().run(engines.called(copy, "unlock"), seconds=_GRACE)
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def store_paths(copy: Copy, label: Label, piece: str, paths: Sequence[str]) -> int:
    """Store folders and files as they are; return their bytes.

    Raise Failed where not all of it was stored.
    """
    if copy.kind == "restic":
        own = (*_restic(label), "--", *paths)
    else:
        place = f"{copy.place}::zmward-{label.host}-{label.run}-{piece}"
        own = ("create", "--json", "--", place, *paths)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = _started(copy, own, out, errors)
        try:
            if process.stdin is not None:
                process.stdin.close()
            # A file of user zimbra's may be as long as no disk is.
            code = process.wait(LONGEST)
        except subprocess.TimeoutExpired as error:
            text = f"{copy.kind} does not end, {LONGEST} seconds waited"
            raise Failed(f"{copy.name}, {piece}: {text}.") from error
        finally:
            _ended(copy, process)
        errors.seek(0)
        if code:
            done = Done(code, b"", errors.read(4000))
            text = engines.trouble(done, copy).text
            raise Failed(f"{copy.name}, {piece}: {text}.")
        out.seek(0)
        return max(_stored(copy, out.read(_LARGEST)), 0)
