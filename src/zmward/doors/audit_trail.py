"""Reads the end of auditd's log, over the files that it has put aside."""

import os
from typing import Final

from zmward.doors.hunted import opened
from zmward.doors.tree import enter

FOLDER: Final = "/var/log/audit"
_NAME: Final = "audit.log"
# auditd's own greatest number of files that it puts aside.
_FILES: Final = 999


def trail(root: int, most: int) -> bytes | None:
    """Return the last lines below an open root, as they were written; None without any.

    They are of `most` bytes together, and begin with a whole one.
    """
    try:
        folder = enter(root, FOLDER)
    except OSError:
        return None
    try:
        return _pieces(folder, most)
    finally:
        os.close(folder)


def _pieces(folder: int, most: int) -> bytes | None:
    found: list[bytes] = []
    left = most
    for number in range(_FILES):
        try:
            file = opened(folder, f"{_NAME}.{number}" if number else _NAME)
        except OSError:
            # It is just being put aside, or this was the last one.
            if number:
                break
            continue
        try:
            size = os.fstat(file).st_size
            piece = os.pread(file, left, max(0, size - left))
        finally:
            os.close(file)
        if size > left:
            # A line that was cut says something else than the whole one.
            found.append(piece.partition(b"\n")[2])
            break
        found.append(piece)
        left -= size
    return b"\n".join(reversed(found)) if found else None
