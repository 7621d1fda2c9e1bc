"""Packed files as streams: gzip, xz and bzip2 by ourselves, zstd by its program."""

import bz2
import gzip
import lzma
import os
import subprocess
import zlib
from io import RawIOBase
from shutil import which
from typing import IO, Final, cast

# How packed files begin.
PACKINGS: Final = (b"\x1f\x8b", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd")
FAULTS: Final = (OSError, EOFError, lzma.LZMAError, zlib.error)
_LONGEST = max(map(len, PACKINGS))


class NoProgram(OSError):
    """What unpacks a file is not there."""


class _Zstd(RawIOBase):
    """What the program zstd makes of a file; its complaint is the stream's end."""

    def __init__(self, file: IO[bytes]) -> None:
        program = which("zstd")
        if program is None:
            raise NoProgram(
                None, "it is packed with zstd, and the program zstd is not installed"
            )
        file.seek(0)
        self._process = subprocess.Popen(
            [program, "-dcq"],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C"},
        )

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; raise where the file is damaged."""
        out = cast("IO[bytes]", self._process.stdout)
        block = out.read(size)
        if not block and self._process.wait() != 0:
            raise EOFError
        return block

    def close(self) -> None:
        """End the program."""
        if not self.closed:
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process.kill()
            self._process.wait()
        super().close()


def unpacked(file: IO[bytes]) -> IO[bytes] | None:
    """Return what is packed in a file, or None where nothing is."""
    magic = os.pread(file.fileno(), _LONGEST, 0)
    if magic.startswith(PACKINGS[0]):
        return cast("IO[bytes]", gzip.open(file, "rb"))
    if magic.startswith(PACKINGS[1]):
        return lzma.open(file, "rb")
    if magic.startswith(PACKINGS[2]):
        return bz2.open(file, "rb")
    if magic.startswith(PACKINGS[3]):
        return cast("IO[bytes]", _Zstd(file))
    return None
