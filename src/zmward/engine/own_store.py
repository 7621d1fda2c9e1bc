"""A folder of ours and its files: one writer at a time, each file whole or old."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from zmward.errors import Refused

_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


@contextmanager
def alone(where: Path, *, nothing: str, variable: str, busy: str) -> Iterator[None]:
    """Give a folder, private to us, to one writer at a time; else raise Refused.

    `nothing` says what then cannot be there, `variable` what names another folder,
    `busy` that somebody else is writing.
    """
    try:
        where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        where.mkdir(mode=0o700, exist_ok=True)
        found = where.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise Refused(f"{where} is no folder of ours: {nothing}.")
        if found.st_mode & _OTHERS:
            raise Refused(f"Others may write to {where}: {nothing}.")
        lock = os.open(where / "lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Refused(
            f"{where} cannot be used: {error.strerror}. Run it as root, or let "
            f"{variable} name a folder of your own."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Refused(busy) from error
    finally:
        os.close(lock)


def put(path: Path, content: bytes) -> None:
    """Put a whole new file, synced, in the place of the old one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    above = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(above)
    finally:
        os.close(above)
