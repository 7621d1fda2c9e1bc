"""Watches folders by inotify: what was written or moved into them, as it happens.

Each folder is watched through its open descriptor, so that no link can lead elsewhere.
The kernel's queue may overflow; that is told, and whoever watches looks at all again.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from inotify_simple import INotify, flags

_MASK: Final = (
    flags.CLOSE_WRITE
    # Whoever keeps a file open never closes it, and Jetty reads it all the same.
    | flags.MODIFY
    | flags.MOVED_TO
    | flags.CREATE
    | flags.ONLYDIR
    | flags.EXCL_UNLINK
)


class Happened(NamedTuple):
    """What happened: names in folders that were touched, new folders, or too much."""

    touched: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    overflow: bool


class Watched:
    """Folders that are watched, by their paths below a root."""

    def __init__(self) -> None:
        self._inotify = INotify()
        self._folders: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._folders)

    def add(self, opened: int, path: str) -> None:
        """Watch an open folder; raises OSError where there are too many."""
        watch = self._inotify.add_watch(f"/proc/self/fd/{opened}", _MASK)
        self._folders[watch] = path

    def wait(self, seconds: float) -> Happened:
        """Return what happened; wait for it no longer than some seconds."""
        events = self._inotify.read(timeout=int(seconds * 1000))
        return self._happened(events)

    def _happened(self, events: Iterable[tuple[int, int, int, str]]) -> Happened:
        touched: dict[tuple[str, str], None] = {}
        folders: dict[str, None] = {}
        overflow = False
        for watch, mask, _cookie, name in events:
            if mask & flags.Q_OVERFLOW:
                overflow = True
            if mask & flags.IGNORED:
                self._folders.pop(watch, None)
            folder = self._folders.get(watch)
            if folder is None or not name:
                continue
            if mask & flags.ISDIR:
                if mask & (flags.CREATE | flags.MOVED_TO):
                    folders[f"{folder}/{name}"] = None
            else:
                touched[folder, name] = None
        return Happened(tuple(touched), tuple(folders), overflow)

    def close(self) -> None:
        """End watching."""
        self._inotify.close()
