"""A folder of ours: nobody but us and root can put anything into it, or in its way."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from zmward.errors import Refused


def _foreign(path: Path) -> str:
    """Say why others have a hand in a path; empty where they have none."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return f"{path} cannot be looked at ({error.strerror})"
    if found.st_uid not in (0, os.geteuid()):
        return f"{path} belongs to another user"
    link, sticky = stat.S_ISLNK(found.st_mode), found.st_mode & stat.S_ISVTX
    if found.st_mode & stat.S_IWOTH and not link and not sticky:
        return f"{path} can be written by everybody"
    of_others = found.st_gid not in (0, os.getegid())
    if found.st_mode & stat.S_IWGRP and of_others and not link and not sticky:
        return f"{path} can be written by a group of others"
    return ""


def _way(place: Path) -> Iterator[Path]:
    yield from (place, *place.parents)
    real = place.parent.resolve() / place.name
    if real != place:
        yield from (real, *real.parents)


def ours(place: Path) -> None:
    """Refuse a folder that another user could have made, or could swap."""
    if place.is_symlink():
        raise Refused(
            f"{place} is a link, which may lead anywhere: it is not followed."
        )
    found = next(filter(None, map(_foreign, _way(place))), "")
    if found:
        raise Refused(f"{found}: nothing is read or kept there.")


def opened(path: Path, flags: int) -> int:
    """Open a plain file of ours and return its descriptor; follow no link."""
    try:
        # A pipe of somebody's would hold us up.
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Refused(f"{path} cannot be opened: {error.strerror}.") from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in (0, os.geteuid()):
        os.close(descriptor)
        raise Refused(f"{path} is no plain file of yours: remove it.")
    return descriptor
