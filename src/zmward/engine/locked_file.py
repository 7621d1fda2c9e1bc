"""One writer at a time: a lock on a file of our own, gone with the process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zmward.errors import Refused, Usage


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock, or refuse where another holds it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise Usage(f"{path} cannot be written: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Refused(f"Another zmward writes there: {path} is locked.") from error
    finally:
        os.close(descriptor)
