"""A program whose output is taken as it comes: it ends with us, its failure is told.

Whoever it runs as can stop it: one that keeps its output to itself has failed.
"""

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Final

from zmward.doors.backup_streams import Lost, Stream
from zmward.doors.beside import LONGEST, failure, started

# Seconds within which a program must fill the next piece, or end.
SILENT: Final = 900
_PIECE: Final = 1 << 16


class _Timely:
    """A pipe that is read by the piece, each within `SILENT` seconds; else Lost.

    A piece rather than a byte: a byte at a time holds a run without bound, too. So does
    a piece at a time: all of them are waited for no longer than `LONGEST`. What whoever
    reads does in between, as storing them, does not count.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe.fileno()
        self._ready = select.poll()
        self._ready.register(self._pipe, select.POLLIN)
        self._left = float(LONGEST)

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most so many and a piece; none at the end."""
        wanted, found = min(size, _PIECE), bytearray()
        began = time.monotonic()
        patience = min(SILENT, self._left)
        while len(found) < wanted:
            left = max(began + patience - time.monotonic(), 0)
            if not self._ready.poll(left * 1000):
                if patience < SILENT:
                    raise Lost(f"it does not come to its end: {LONGEST} seconds waited")
                raise Lost(f"it stopped in the middle: {SILENT} seconds waited")
            piece = os.read(self._pipe, wanted - len(found))
            if not piece:
                break
            found += piece
        self._left -= time.monotonic() - began
        return bytes(found)


@contextmanager
def produced(argv: Sequence[str], given: bytes = b"") -> Iterator[Stream]:
    """Give what a program prints; it ends with us, and its failure is Lost.

    All that it started ends with it, stopped or not.
    """
    errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed below
    pipe = subprocess.PIPE
    process = started(argv, stop="KILL", stdin=pipe, stdout=pipe, errors=errors)
    try:
        _fed(process.stdin, given)
        if process.stdout is None:
            raise Lost("a program gave no output")
        yield Stream(_Timely(process.stdout), lambda: failure(process, errors, "it"))
    finally:
        if process.stdout is not None:
            process.stdout.close()
        if process.poll() is None:
            # runuser has a child; this signal ends what is stopped, too.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        errors.close()


def _fed(pipe: IO[bytes] | None, given: bytes) -> None:
    if pipe is None:
        return
    with suppress(OSError):
        pipe.write(given)
    with suppress(OSError):
        pipe.close()
