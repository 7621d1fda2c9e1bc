"""Packed files as streams: gzip, xz and bzip2 by ourselves, zstd by its program.

How much memory unpacking takes, a packed file of xz or zstd says itself; more than the
highest level that people pack with needs is not given to it.
"""

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


# Of xz -9 it is 65 MiB.
_MEMORY: Final = 96 << 20
_CHUNK: Final = 1 << 16


class NotUnpacked(OSError):
    """What unpacks a file is not there, or would take too much memory."""


class _Xz(RawIOBase):
    """What is packed in a file of xz: one stream after the other, zeros between."""

    def __init__(self, file: IO[bytes]) -> None:
        file.seek(0)
        self._file, self._rest = file, b""
        self._begin()

    def _begin(self) -> None:
        self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY)
        self._begun = False

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; raise where the file is damaged or breaks off."""
        while True:
            if self._stream.eof:
                self._rest = self._stream.unused_data
                self._begin()
            if not self._rest and self._stream.needs_input:
                self._rest = self._file.read(_CHUNK)
                if not self._rest and self._begun:
                    raise EOFError
                if not self._rest:
                    return b""
            raw = self._rest if self._begun else self._rest.lstrip(b"\0")
            self._rest, self._begun = b"", self._begun or bool(raw)
            if self._begun and (block := self._unpacked(raw, size)):
                return block

    def _unpacked(self, raw: bytes, size: int) -> bytes:
        try:
            return self._stream.decompress(raw, size)
        except lzma.LZMAError as error:
            if "emory" not in str(error):
                raise
            text = f"it takes more than {_MEMORY >> 20} MiB of memory to unpack it"
            raise NotUnpacked(None, text) from error


class _Zstd(RawIOBase):
    """What the program zstd makes of a file; its complaint is the stream's end."""

    def __init__(self, file: IO[bytes]) -> None:
        program = which("zstd")
        if program is None:
            raise NotUnpacked(
                None, "it is packed with zstd, and the program zstd is not installed"
            )
        file.seek(0)
        self._process = subprocess.Popen(
            [program, "-dcq", f"--memory={_MEMORY}"],
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
        return cast("IO[bytes]", _Xz(file))
    if magic.startswith(PACKINGS[2]):
        return bz2.open(file, "rb")
    if magic.startswith(PACKINGS[3]):
        return cast("IO[bytes]", _Zstd(file))
    return None
