"""Reads what the system's own log still holds of the baselines that were told to it."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from zmward.doors.hunted import opened
from zmward.doors.tree import FOLDER, enter

# Where facility authpriv goes, on Debian and on Red Hat; packed ones are left out.
_LOGS: Final = re.compile(r"(?:auth\.log|secure|messages)(?:[.-]\d{1,10})?")
_TAIL: Final = 32 << 20
_FILES: Final = 6
_SECONDS: Final = 10
_WORDS: Final = b"integrity baseline "
_LONGEST: Final = 1024
_JOURNAL: Final = (
    *("journalctl", "--quiet", "--no-pager", "--output=cat", "--lines=2000"),
    *("SYSLOG_IDENTIFIER=zmward", "_UID=0"),
)


def _tail(folder: int, name: str) -> bytes:
    file = opened(folder, name)
    try:
        size = os.fstat(file).st_size
        return os.pread(file, _TAIL, max(0, size - _TAIL))
    finally:
        os.close(file)


def _newest(folder: int) -> list[str]:
    found = []
    for name in os.listdir(folder):
        if _LOGS.fullmatch(name):
            with suppress(OSError):
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                found.append((status.st_mtime_ns, name))
    return [name for _, name in sorted(found, reverse=True)[:_FILES]]


def _files(root: str) -> Iterator[bytes]:
    """Yield the ends of the newest logs; what cannot be read tells nothing."""
    at = logs = -1
    try:
        at = os.open(root, FOLDER & ~os.O_NOFOLLOW)
        logs = enter(at, "/var/log")
        for name in _newest(logs):
            with suppress(OSError):
                yield _tail(logs, name)
    except OSError:
        return
    finally:
        for one in (at, logs):
            if one >= 0:
                os.close(one)


def _journal() -> bytes:
    try:
        return subprocess.run(
            _JOURNAL,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return b""


def told_lines(root: str) -> bytes:
    """Return the lines of a root's logs that tell of baselines; anybody may forge them.

    The journal is asked of `/` alone, since it is no text.
    """
    found = []
    for content in (*_files(root), _journal() if root == "/" else b""):
        at = content.find(_WORDS)
        while at >= 0:
            end = content.find(b"\n", at)
            end = len(content) if end < 0 else end
            found.append(content[at : min(end, at + _LONGEST)])
            at = content.find(_WORDS, end)
    return b"\n".join(found)
