"""Reads what hunts look at: the begin of files, and who runs what. Nothing is run."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from zmward.integrity.hunting import Process

# A page or a table of jobs is far shorter.
MOST: Final = 256 << 10
# Of what is longer than this, the middle is not looked at.
SEEN: Final = 2 * MOST
_PLAIN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


_EFFECTIVE: Final = re.compile(r"^Uid:\s+\d+\s+(\d+)", re.MULTILINE)


def opened(folder: int, name: str) -> int:
    """Open a plain file of an open folder, without a trace where that is allowed."""
    kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if not stat.S_ISREG(kind):
        raise OSError(0, "it is no plain file")
    try:
        found = os.open(name, _PLAIN | os.O_NOATIME, dir_fd=folder)
    except PermissionError:
        found = os.open(name, _PLAIN, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise OSError(0, "it is no plain file")
    return found


def begin(folder: int, name: str) -> bytes:
    """Return the begin of a plain file, and the end of one that is longer."""
    file = opened(folder, name)
    try:
        content = os.pread(file, MOST, 0)
        size = os.fstat(file).st_size
        if size > MOST:
            # What is added to a long file is added at its end.
            content += b"\n" + os.pread(file, MOST, max(size - MOST, MOST))
        return content
    finally:
        os.close(file)


def processes(names: dict[str, str]) -> Iterator[Process]:
    """Yield the processes of this machine; those that end meanwhile are left out."""
    for path in Path("/proc").iterdir():
        if not path.name.isdecimal():
            continue
        owner = ""
        try:
            # The folder is root's where a process may not be dumped, whoever runs it.
            told = _EFFECTIVE.search((path / "status").read_text("ascii", "replace"))
            owner = told[1] if told else str(path.stat().st_uid)
            program = str((path / "exe").readlink())
        except PermissionError:
            yield Process(int(path.name), names.get(owner, owner), "", there=False)
            continue
        except OSError:
            continue
        plain = program.removesuffix(" (deleted)")
        there = os.path.lexists(plain)
        yield Process(int(path.name), names.get(owner, owner), program, there)
