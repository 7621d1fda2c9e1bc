"""Watches web roots: what is written there is told within moments, but not upgrades.

at rest ──a program is written──▶ as its package has it? ──yes──▶ nothing
                                          │ no
              a package manager is at work│ └──else──▶ told
                                          ▼
                                waits until that ends, then judged again
"""

import fcntl
import os
import stat
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from zmward.doors.hunted import begin
from zmward.doors.tree import Folder, Walk, enter
from zmward.doors.watched import Watched
from zmward.engine.integrity import Place
from zmward.engine.written_by import Asked, writer_of
from zmward.errors import Incomplete
from zmward.integrity.hunting import Subject
from zmward.integrity.names import shown
from zmward.integrity.shipped import Database
from zmward.integrity.watching import (
    OLD_JETTY,
    OLD_TREES,
    TREES,
    UNWATCHED,
    VANISHED,
    Dropped,
    matters,
    rules,
)

Tell = Callable[[Dropped], None]
Say = Callable[[str], None]
_LOCKS: Final = (
    "var/lib/dpkg/lock-frontend",
    "var/lib/dpkg/lock",
    "var/lib/rpm/.rpm.lock",
    "usr/lib/sysimage/rpm/.rpm.lock",
)
_CHANGES: Final = ("var/lib/dpkg/status", "var/lib/rpm", "usr/lib/sysimage/rpm")
# A package manager that works longer than this hides nothing any more.
_LONGEST: Final = 900.0
# Who creates a file writes it next: both are told at once.
_SETTLES: Final = 0.3
# What is older than this is at rest.
_RESTS: Final = 60.0
# auditd writes an event a moment after the file is there.
_LAGS: Final = 0.6
_FLOCK: Final = "hhqqi4x"
Signature = tuple[int, int, int, int]


def _nothing_skipped(_path: str) -> bool:
    return False


class Watcher:
    """Watches the web roots of a root; `tell` gets programs, `say` what went on."""

    def __init__(self, place: Place, tell: Tell, say: Say) -> None:
        self._place, self._tell, self._say = place, tell, say
        new = (Path(place.root) / OLD_JETTY.lstrip("/")).is_symlink()
        self._trees = TREES if new else (*TREES, *OLD_TREES)
        self._watched = Watched()
        self._owners = place.names("etc/passwd")
        self._known: dict[str, Signature] = {}
        self._waiting: dict[str, float] = {}
        self._database = Database()
        self._stamp: tuple[int, ...] = ()
        self._tops: dict[str, tuple[int, int] | None] = {}
        self._unwatched: set[str] = set()
        self._starts, self._is_full = True, False

    def start(self) -> int:
        """Watch every folder that is there; return how many."""
        try:
            return self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> int:
        for tree in self._trees:
            self._tops[tree] = self._top(tree)
            for folder in self._walk(tree):
                for name in folder.names:
                    found = self._stat(folder.path, name)
                    if found is not None:
                        self._remember(f"{folder.path}/{name}", found)
        if not len(self._watched):
            raise Incomplete(
                f"None of {', '.join(TREES[:3])} … is below {self._place.root}: there "
                "is nothing to watch."
            )
        self._refresh()
        self._starts = False
        return len(self._watched)

    def close(self) -> None:
        """End watching."""
        self._watched.close()

    def step(self, seconds: float = 1.0) -> None:
        """Wait for what happens, no longer than some seconds, and judge it."""
        patience = min(seconds, _SETTLES) if self._waiting else seconds
        happened = self._watched.wait(patience)
        if happened.overflow:
            self._say(
                "the kernel's queue overflowed: every watched folder is looked at again"
            )
            for tree in self._trees:
                self._all(tree)
        self._swapped()
        for path in happened.folders:
            self._all(path)
        for folder, name in happened.touched:
            self._file(folder, name)
        self._judge_waiting()

    def _top(self, tree: str) -> tuple[int, int] | None:
        """Return which folder stands at a tree's place; None where nothing does."""
        above, _, name = tree.rpartition("/")
        found = self._stat(above, name)
        return None if found is None else (found.st_dev, found.st_ino)

    def _swapped(self) -> None:
        """Watch what stands now where a tree was moved away, or is new.

        What lies above a tree is not watched, and may be user zimbra's.
        """
        for tree, before in self._tops.items():
            now = self._top(tree)
            if now == before:
                continue
            self._tops[tree] = now
            what = "gone" if now is None else "another one now: all of it is looked at"
            self._say(f"{shown(tree)} is {what}")
            self._all(tree)

    def _walk(self, tree: str) -> Iterator[Folder]:
        """Yield the folders of a tree, each watched before its names are read."""
        walk = Walk(self._place.opened, _nothing_skipped)
        for folder in walk.tree(tree):
            if not folder.meant:
                self._blind(tree, "it is no folder")
                continue
            try:
                opened = enter(self._place.opened, folder.path)
            except OSError:
                continue
            try:
                self._watched.add(opened, folder.path)
            except OSError as error:
                self._full(folder.path, error)
            finally:
                os.close(opened)
            yield folder
        for note in walk.notes:
            if note.why.startswith("the same folder"):
                self._say(f"{shown(note.path)} is not watched: {note.why}")
            else:
                self._blind(note.path, note.why)

    def _full(self, path: str, error: OSError) -> None:
        """Refuse to begin where the kernel watches no more; tell it once later on.

        User zimbra can make more folders than it watches: those before them stay so.
        """
        why = f"{error.strerror}; fs.inotify.max_user_watches may be too small"
        if self._starts:
            raise Incomplete(f"{shown(path)} cannot be watched: {why}.") from error
        if not self._is_full:
            self._is_full = True
            self._blind(path, why)

    def _blind(self, path: str, why: str) -> None:
        """Say what is not watched; where it came while we watch, it is an alarm."""
        self._say(f"{shown(path)} is not watched: {why}")
        if self._starts or path in self._unwatched:
            return
        self._unwatched.add(path)
        row = (shown(path), _now(), (UNWATCHED,), "?", "?", 0, False, shown(why))
        self._tell(Dropped(*row))

    def _all(self, tree: str) -> None:
        """Look at a tree that is new, or of which something may have been missed."""
        for folder in self._walk(tree):
            # What was put there before it was watched was not told.
            for name in self._names(folder.path):
                self._file(folder.path, name, all_=True)

    def _names(self, folder: str) -> list[str]:
        try:
            opened = enter(self._place.opened, folder)
        except OSError:
            return []
        try:
            with os.scandir(opened) as entries:
                return [one.name for one in entries if not _is_folder(one)]
        except OSError:
            return []
        finally:
            os.close(opened)

    def _stat(self, folder: str, name: str) -> os.stat_result | None:
        try:
            opened = enter(self._place.opened, folder)
        except OSError:
            return None
        try:
            return os.stat(name, dir_fd=opened, follow_symlinks=False)
        except OSError:
            return None
        finally:
            os.close(opened)

    def _remember(self, path: str, found: os.stat_result) -> None:
        """Keep what would be run: of the rest somebody could fill the memory."""
        if matters(path, found.st_mode):
            self._known[path] = _signature(found)
        else:
            self._known.pop(path, None)

    def _file(self, folder: str, name: str, *, all_: bool = False) -> None:
        path = f"{folder}/{name}"
        found = self._stat(folder, name)
        if found is None:
            if matters(path, 0):
                self._waiting.setdefault(path, time.monotonic())
            else:
                self._known.pop(path, None)
            return
        # Who has just made it may go on to let it run.
        rests = time.time() - found.st_ctime > _RESTS
        if all_ and rests and not matters(path, found.st_mode):
            return
        if self._known.get(path) != _signature(found):
            self._waiting.setdefault(path, time.monotonic())

    def _judge_waiting(self) -> None:
        if not self._waiting:
            return
        busy = _at_work(Path(self._place.root))
        now = time.monotonic()
        due = [
            path
            for path, since in self._waiting.items()
            if now - since > (_LONGEST if busy else _SETTLES)
        ]
        if due:
            self._refresh()
        asked = Asked(self._place.opened, self._owners, due, patience=_LAGS)
        for path in due:
            del self._waiting[path]
            self._judge(path, asked)

    def _judge(self, path: str, asked: Asked) -> None:
        folder, _, name = path.rpartition("/")
        found = self._stat(folder, name)
        was = path in self._known
        if found is None:
            self._known.pop(path, None)
            if matters(path, 0):
                row = (shown(path), _now(), (VANISHED,), "?", "?", 0, was)
                writer = writer_of(asked.writers(path, None))
                self._tell(Dropped(*row, writer=writer))
            return
        self._remember(path, found)
        if stat.S_ISDIR(found.st_mode) or not matters(path, found.st_mode):
            return
        if shown(path) in self._place.agreeing((shown(path),), self._database):
            return
        content = b""
        if stat.S_ISREG(found.st_mode):
            with suppress(OSError):
                opened = enter(self._place.opened, folder)
                try:
                    content = begin(opened, name)
                finally:
                    os.close(opened)
        owner = self._owners.get(str(found.st_uid), str(found.st_uid))
        broken, excerpt = rules(Subject(path, found.st_mode, owner, content))
        self._tell(
            Dropped(
                shown(path),
                _now(),
                broken,
                owner,
                f"{stat.S_IMODE(found.st_mode):04o}",
                found.st_size,
                was,
                excerpt,
                writer_of(asked.writers(path, found)),
            )
        )

    def _refresh(self) -> None:
        """Read the package database again if it was changed."""
        stamps = []
        for path in _CHANGES:
            with suppress(OSError):
                stamps.append((Path(self._place.root) / path).stat().st_mtime_ns)
        if tuple(stamps) != self._stamp or not self._stamp:
            self._stamp = tuple(stamps)
            self._database = self._place.database_of(self._trees)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    return entry.is_dir(follow_symlinks=False)


def _signature(found: os.stat_result) -> Signature:
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _at_work(root: Path) -> bool:
    """Say whether a package manager holds its lock."""
    for path in _LOCKS:
        try:
            opened = os.open(root / path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            # Anybody who may read it can hold it shared; who changes packages holds it
            # alone.
            asked = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
            answer = fcntl.fcntl(opened, fcntl.F_GETLK, asked)
            if struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK:
                return True
        except OSError:
            continue
        finally:
            os.close(opened)
    return False
