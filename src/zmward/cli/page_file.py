"""The file of a site's page: read and replaced in one open folder, and never a link.

Who owns the folder can swap whatever has a name, so that everything is done below the
folder that was opened first, and to open files.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

import msgspec

from zmward.errors import BadFile, Refused, Usage

_LARGEST: Final = 16 << 20
_PERMISSIONS: Final = 0o777
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Page(msgspec.Struct, frozen=True):
    """A page that is there: every byte of it, whose it is, and which file."""

    text: str
    mode: int
    owner: int
    group: int
    file: tuple[int, ...]


def _which(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class PageFile:
    """A page's place: its path for people, and the folder that is held open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
            self._folder = os.open(path.parent, flags)
        except OSError as error:
            raise Usage(f"{path} cannot be written: {error.strerror}.") from error

    def close(self) -> None:
        """Let the folder go."""
        os.close(self._folder)

    def read(self) -> Page | None:
        """Return the page that is there; None where there is none."""
        path = self.path
        try:
            named = os.stat(path.name, dir_fd=self._folder, follow_symlinks=False)
            if not stat.S_ISREG(named.st_mode):
                raise BadFile(
                    f"{path} is a link, a folder or no file: name the page itself."
                )
            descriptor = os.open(path.name, _READ, dir_fd=self._folder)
            with os.fdopen(descriptor, "rb") as file:
                found = os.fstat(file.fileno())
                content = file.read(_LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
        if not stat.S_ISREG(found.st_mode) or len(content) > _LARGEST:
            raise BadFile(f"{path} is no file, or larger than any page.")
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise BadFile(f"{path} is not UTF-8 text: it is left alone.") from error
        mode = stat.S_IMODE(found.st_mode) & _PERMISSIONS
        return Page(text, mode, found.st_uid, found.st_gid, _which(found))

    def put(self, text: str, old: Page | None) -> None:
        """Put a page in the place of the old one, with its mode and owners.

        A new page is its owner's alone. Refused where the file is not the one that was
        read: somebody has saved the page meanwhile.
        """
        name = self.path.name if old is None else f".zmward-{secrets.token_hex(16)}"
        try:
            descriptor = os.open(name, _NEW, 0o600, dir_fd=self._folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(text.encode())
                    if old is not None:
                        _give(descriptor, old)
                    file.flush()
                    os.fsync(descriptor)
                if old is not None:
                    self._replace(name, old)
            except BaseException:
                os.unlink(name, dir_fd=self._folder)
                raise
        except FileExistsError as error:
            raise self._meanwhile() from error
        except OSError as error:
            raise Usage(f"{self.path} cannot be written: {error.strerror}.") from error

    def _meanwhile(self) -> Refused:
        return Refused(
            f"{self.path} was saved by somebody else meanwhile: it is left alone. Run "
            "the same command again."
        )

    def _replace(self, name: str, old: Page) -> None:
        own = self._folder
        try:
            now = os.stat(self.path.name, dir_fd=own, follow_symlinks=False)
        except FileNotFoundError:
            raise self._meanwhile() from None
        if _which(now) != old.file:
            raise self._meanwhile()
        os.replace(name, self.path.name, src_dir_fd=own, dst_dir_fd=own)


def _give(descriptor: int, old: Page) -> None:
    if (old.owner, old.group) != (os.geteuid(), os.getegid()):
        os.fchown(descriptor, old.owner, old.group)
    os.fchmod(descriptor, old.mode)
