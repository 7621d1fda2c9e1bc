"""Appends to the event log, and keeps how far the logs were read, as one step.

What will be appended is kept first, with the place where it will stand, and then
appended. Whenever we end, the next start sees how much of it is there, and appends the
rest: nothing is lost, and nothing stands there twice.

The folder is opened once: on Ubuntu the group of rsyslog may rename what is in
/var/log, and so could lead what is appended to another place.
"""

import contextlib
import fcntl
import os
import stat
from pathlib import Path

import msgspec

from zmward.engine.follow_logs import Progress
from zmward.errors import Refused

_MODE = 0o600


class Kept(msgspec.Struct):
    """How far the logs were read, and what was appended last, where."""

    progress: Progress
    inode: int = 0
    at: int = 0
    text: bytes = b""


def _append(descriptor: int, text: bytes) -> None:
    while text:
        text = text[os.write(descriptor, text) :]


def _folder(path: Path) -> int:
    """Open a folder in which nobody but us and root writes; return its descriptor."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise Refused(f"{path} cannot be opened: {error.strerror}.") from error
    found = os.fstat(descriptor)
    if found.st_uid not in (0, os.geteuid()) or found.st_mode & stat.S_IWOTH:
        os.close(descriptor)
        raise Refused(f"{path} is open to another user: nothing is written there.")
    return descriptor


class EventLog:
    """The event log and its state; only one process at a time has it."""

    def __init__(self, path: Path, state: Path) -> None:
        self._path, self._state = path, state
        self._last = b""
        self._folder = _folder(path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(state.with_suffix(".lock"), flags, _MODE)
        except OSError as error:
            os.close(self._folder)
            raise Refused(
                f"{state.parent} cannot be written: {error.strerror}."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            os.close(self._folder)
            raise Refused(
                f"Another `zmward logs follow` writes {path}: end it first."
            ) from error

    def close(self) -> None:
        """Let another process have it."""
        os.close(self._lock)
        os.close(self._folder)

    def progress(self) -> Progress | None:
        """Return how far an earlier run came, and finish what it began."""
        try:
            kept = msgspec.msgpack.decode(self._state.read_bytes(), type=Kept)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeError, msgspec.MsgspecError) as error:
            raise Refused(
                f"{self._state} cannot be read ({error}): remove it to begin at the "
                "end of the logs."
            ) from error
        if kept.text:
            self._finish(kept)
        return kept.progress

    def _finish(self, kept: Kept) -> None:
        """Append what is missing of the last lines."""
        descriptor = self._open()
        try:
            status = os.fstat(descriptor)
            if status.st_ino == kept.inode:
                size = status.st_size
            else:
                size = self._rotated(kept.inode)
            if kept.at <= size < kept.at + len(kept.text):
                _append(descriptor, kept.text[size - kept.at :])
        finally:
            os.close(descriptor)

    def _rotated(self, inode: int) -> int:
        """Return the size of the file that was the event log then; -1 if it is gone."""
        with os.scandir(self._folder) as found:
            for one in found:
                if one.name.startswith(self._path.name) and one.name != self._path.name:
                    with contextlib.suppress(OSError):
                        status = one.stat(follow_symlinks=False)
                        if status.st_ino == inode:
                            return status.st_size
        return -1

    def _open(self) -> int:
        # A pipe in its place would hold us up for ever.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            self._stays()
            return os.open(self._path.name, flags, _MODE, dir_fd=self._folder)
        except OSError as error:
            raise Refused(
                f"{self._path} cannot be written: {error.strerror}."
            ) from error

    def _stays(self) -> None:
        """Refuse to go on where another folder has the name of ours."""
        own, now = os.fstat(self._folder), self._path.parent.stat()
        if (own.st_dev, own.st_ino) != (now.st_dev, now.st_ino):
            raise Refused(
                f"{self._path.parent} is another folder than when this began: find "
                "out who exchanged it, then start again."
            )

    def append(self, text: bytes, progress: Progress) -> None:
        """Append whole lines, and keep how far the logs were read for them."""
        last = msgspec.msgpack.encode(progress)
        if not text and last == self._last:
            return
        self._last = last
        descriptor = self._open()
        try:
            status = os.fstat(descriptor)
            self._keep(Kept(progress, status.st_ino, status.st_size, text))
            _append(descriptor, text)
        finally:
            os.close(descriptor)

    def _keep(self, kept: Kept) -> None:
        new = self._state.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(new, flags, _MODE)
        try:
            _append(descriptor, msgspec.msgpack.encode(kept))
        finally:
            os.close(descriptor)
        new.replace(self._state)
