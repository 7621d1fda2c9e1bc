"""Asks auditd's log who wrote files, a moment later again where it is still behind."""

import os
import time
from collections.abc import Collection, Mapping
from typing import Final

from zmward.doors.audit_trail import trail
from zmward.doors.tree import enter
from zmward.integrity.writers import Target, Trail, Writer

# What a busy host writes in a minute, and in some days.
RECENT: Final = 4 << 20
ALL: Final = 64 << 20
_AGAIN: Final = 0.15


class Asked:
    """What auditd's log says of files with some names, read when it is first asked.

    auditd may write an event a moment after the file is there: within `patience`
    seconds, all questions together, the log is read again.
    """

    def __init__(
        self,
        root: int,
        users: Mapping[str, str],
        paths: Collection[str],
        *,
        most: int = RECENT,
        patience: float = 0.0,
    ) -> None:
        self._root, self._users, self._most = root, users, most
        self._names = frozenset(path.rpartition("/")[2] for path in paths)
        self._left = patience
        self._trail: Trail | None = None
        self._there: bool | None = None

    def _read(self) -> None:
        content = trail(self._root, self._most)
        self._there = content is not None
        self._trail = Trail(content or b"", self._users, self._names)

    def writers(
        self, path: str, found: os.stat_result | None
    ) -> tuple[Writer, ...] | None:
        """Return who did something to a file, the last one last; None without a log.

        `found` is what stands there now.
        """
        target = Target(path, self._folder(path), found.st_ino if found else None)
        if self._trail is None:
            self._read()
        while self._trail is not None and self._there:
            some = self._trail.writers(target)
            if some or self._left <= 0:
                return some
            time.sleep(_AGAIN)
            self._left -= _AGAIN
            self._read()
        return None

    def _folder(self, path: str) -> int | None:
        try:
            opened = enter(self._root, path.rpartition("/")[0])
        except OSError:
            return None
        try:
            return os.fstat(opened).st_ino
        finally:
            os.close(opened)


def writer_of(some: tuple[Writer, ...] | None) -> Writer | None:
    """Return the last one who put something there, or else who took it away."""
    if not some:
        return None
    wrote = [one for one in some if one.deed != "removed"]
    return (wrote or some)[-1]
