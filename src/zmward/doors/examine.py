"""Looks at one file: its properties and, of a plain file, its content.

Only plain files are opened for their content, without waiting and without following.
What changes while it is read is read again, and said to change if it does not rest.
"""

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from typing import Final

from zmward.catalog.installation import SHADOWS
from zmward.doors.contents import MOST, Reader, TooLarge
from zmward.integrity.names import shown
from zmward.integrity.node import APPEND_ONLY, IMMUTABLE, Node, Sort

_TRIES: Final = 3
_PLAIN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_GET_FLAGS: Final = 0x80086601
_FLAGS: Final = bytes(8)
_LONGEST: Final = 128
_SORTS: Final[Mapping[int, Sort]] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}
_NONE: Final[Mapping[str, str]] = {}
CHANGES: Final = "it changes while it is read"

Owner = Callable[[str], str]


def slowly(path: str, digest: str) -> str:
    """Return a digest that takes a thirtieth of a second and 32 MiB to be tried.

    So a baseline, or a report on one, is of no use to who guesses passwords with it.
    """
    if not digest:
        return digest
    salt = f"zmward {path}".encode()
    slow = hashlib.scrypt(
        digest.encode(), salt=salt, n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32
    )
    return f"scrypt:{slow.hex()}"


def sort_of(mode: int) -> Sort:
    """Return what a thing is, by its mode."""
    return _SORTS.get(stat.S_IFMT(mode), "other")


class Examiner:
    """Looks at files; `owner` gives the package of a path.

    What a filesystem cannot tell is not asked of it again.
    """

    def __init__(self, owner: Owner, algorithm: str = "sha256") -> None:
        self._owner = owner
        self._reader = Reader(algorithm)
        self._no_flags: set[int] = set()
        self._no_extra: set[int] = set()
        self._quiet = _PLAIN | os.O_NOATIME

    def folder(self, opened: int, path: str) -> Node:
        """Return an open folder."""
        return self._node(path, os.fstat(opened), opened)

    def plain(self, folder: int, name: str, path: str, text: str) -> Node | None:
        """Return what was a plain file when its folder was read; None if it is gone.

        A link is never followed, and what has become a pipe meanwhile is not waited
        for. `text` is the path as it is recorded.
        """
        found = None
        for _ in range(_TRIES):
            try:
                opened = os.open(name, self._quiet, dir_fd=folder)
            except FileNotFoundError:
                return None
            except PermissionError:
                if self._quiet & os.O_NOATIME:
                    # Only the owner and root may read without leaving a trace.
                    self._quiet = _PLAIN
                    continue
                return self.entry(folder, name, path)
            except OSError:
                return self.entry(folder, name, path)
            try:
                found = os.fstat(opened)
                if not stat.S_ISREG(found.st_mode):
                    return self.entry(folder, name, path)
                read, digest, why = self._read(opened, found)
                if read:
                    digest = slowly(text, digest) if text in SHADOWS else digest
                    return self._file(found, opened, digest, text, why)
            finally:
                os.close(opened)
        return self._node(path, found, unread=CHANGES) if found else None

    def entry(self, folder: int, name: str, path: str) -> Node | None:
        """Return what stands under a name, unopened; None if it is gone."""
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                target = shown(os.readlink(name, dir_fd=folder))
                return self._node(path, found, target=target)
        except FileNotFoundError:
            return None
        except OSError as error:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            return self._node(path, found, unread=_reason(error))
        if stat.S_ISREG(found.st_mode):
            return self._node(path, found, unread=self._why(folder, name))
        return self._node(path, found)

    def _why(self, folder: int, name: str) -> str:
        """Return why a plain file cannot be opened."""
        try:
            os.close(os.open(name, _PLAIN, dir_fd=folder))
        except OSError as error:
            return _reason(error)
        return CHANGES

    def _file(
        self, found: os.stat_result, opened: int, digest: str, text: str, why: str
    ) -> Node:
        device = found.st_dev
        return Node(
            text,
            "file",
            found.st_mode & 0o7777,
            found.st_uid,
            found.st_gid,
            found.st_size,
            found.st_mtime_ns,
            found.st_ctime_ns,
            found.st_ino,
            device,
            found.st_nlink,
            digest,
            "",
            0 if device in self._no_flags else self._flags(opened, device),
            _NONE if device in self._no_extra else self._extra(opened, device),
            self._owner(text),
            why,
        )

    def _read(self, opened: int, found: os.stat_result) -> tuple[bool, str, str]:
        """Return whether the file was at rest, its digest, and why there is none."""
        try:
            digest = self._reader.digest(opened, found.st_size)
        except TooLarge:
            return True, "", f"it holds more than {MOST >> 30} GiB"
        except OSError as error:
            return True, "", _reason(error)
        after = os.fstat(opened)
        rested = (
            after.st_size == found.st_size
            and after.st_mtime_ns == found.st_mtime_ns
            and after.st_ctime_ns == found.st_ctime_ns
        )
        return rested, digest, ""

    def _node(
        self,
        path: str,
        found: os.stat_result,
        opened: int | None = None,
        digest: str = "",
        *,
        target: str = "",
        unread: str = "",
    ) -> Node:
        text = shown(path)
        device = found.st_dev
        return Node(
            path=text,
            sort=sort_of(found.st_mode),
            mode=stat.S_IMODE(found.st_mode),
            uid=found.st_uid,
            gid=found.st_gid,
            size=found.st_size,
            modified=found.st_mtime_ns,
            changed=found.st_ctime_ns,
            inode=found.st_ino,
            device=device,
            links=found.st_nlink,
            digest=digest,
            target=target,
            flags=0 if opened is None else self._flags(opened, device),
            extra={} if opened is None else self._extra(opened, device),
            package=self._owner(text),
            unread=unread,
        )

    def _flags(self, opened: int, device: int) -> int:
        if device in self._no_flags:
            return 0
        try:
            raw = fcntl.ioctl(opened, _GET_FLAGS, _FLAGS)
        except OSError as error:
            if error.errno in {errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL}:
                self._no_flags.add(device)
            return 0
        return raw[0] & (IMMUTABLE | APPEND_ONLY)

    def _extra(self, opened: int, device: int) -> Mapping[str, str]:
        if device in self._no_extra:
            return _NONE
        try:
            names = os.listxattr(opened)
        except OSError as error:
            if error.errno == errno.EOPNOTSUPP:
                self._no_extra.add(device)
            return _NONE
        if not names:
            return _NONE
        found: dict[str, str] = {}
        for name in names:
            try:
                value = os.getxattr(opened, name)
            except OSError:
                continue
            found[shown(name)] = (
                value.hex()
                if len(value) <= _LONGEST
                else f"sha256:{hashlib.sha256(value).hexdigest()}"
            )
        return found


def _reason(error: OSError) -> str:
    return error.strerror or "it cannot be read"
