"""Reads a file's content once, in constant memory, and leaves the page cache as it was.

Pages that are in memory are read without asking twice. At the first one that is not,
the kernel is asked which are, and those that were brought in are let go afterwards.
"""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from typing import Final

from zmward.doors.residency import PAGE, WINDOW, absent, let_go

BLOCK: Final = 1 << 20
# A larger file is summed up by the blocks that hold something: a file of terabytes may
# hold a few bytes.
WHOLE: Final = 1 << 30
_PIECE: Final = 1 << 16
# More than this is not read of any one file.
MOST: Final = 8 << 30
_ZEROS: Final = bytes(_PIECE)
_NO_WAIT: Final = getattr(os, "RWF_NOWAIT", 8)
_REFUSES: Final = {errno.EAGAIN, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}


class TooLarge(Exception):
    """The file holds more than is read of any one file."""


class Reader:
    """Reads files into one buffer; `algorithm` is sha256 or md5."""

    def __init__(self, algorithm: str = "sha256") -> None:
        self._buffer = memoryview(bytearray(BLOCK))
        self._new: Callable[..., hashlib._Hash] = getattr(hashlib, algorithm)

    def digest(self, descriptor: int, size: int) -> str:
        """Return the digest of a file's content; raises OSError and TooLarge."""
        if size > WHOLE:
            return f"blocks:{self._blocks(descriptor, size)}"
        if 0 < size <= BLOCK and self._ready(descriptor, 0) == size:
            return self._new(self._buffer[:size]).hexdigest()
        found = self._new()
        for block in self._content(descriptor, size):
            found.update(block)
        return found.hexdigest()

    def _ready(self, descriptor: int, offset: int) -> int:
        """Read what is in memory already; return how many bytes, or 0."""
        try:
            return os.preadv(descriptor, [self._buffer], offset, _NO_WAIT)
        except OSError as error:
            if error.errno in _REFUSES:
                return 0
            raise

    def _content(self, descriptor: int, size: int) -> Iterator[memoryview]:
        """Yield a file's blocks, and let go of what was brought in."""
        offset = asked = 0
        parts: tuple[tuple[int, int], ...] = ()
        while offset < size:
            read = self._ready(descriptor, offset)
            if read == 0:
                if offset >= asked:
                    let_go(descriptor, parts)
                    begin = offset - offset % PAGE
                    parts = absent(descriptor, begin, min(WINDOW, size - begin))
                    asked = begin + WINDOW
                read = os.preadv(descriptor, [self._buffer], offset)
            if read == 0:
                break
            yield self._buffer[: min(read, size - offset)]
            offset += read
        let_go(descriptor, parts)

    def _blocks(self, descriptor: int, size: int) -> str:
        """Sum up the blocks that are not empty, each with its place."""
        found, budget, at = self._new(str(size).encode()), MOST, 0
        while at < size:
            try:
                begin = os.lseek(descriptor, at, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    break
                raise
            at = max(begin - begin % _PIECE, at)
            block = self._filled(descriptor, at)
            for start in range(0, len(block), _PIECE):
                piece = block[start : start + _PIECE]
                if piece != _ZEROS[: len(piece)]:
                    found.update(b"%d:" % (at + start))
                    found.update(piece)
            at += BLOCK
            budget -= len(block)
            if budget < 0:
                raise TooLarge
        return found.hexdigest()

    def _filled(self, descriptor: int, offset: int) -> memoryview:
        """Return a whole block of a file; less only at its end."""
        parts, got = absent(descriptor, offset, BLOCK), 0
        while got < BLOCK:
            read = os.preadv(descriptor, [self._buffer[got:]], offset + got)
            if read == 0:
                break
            got += read
        let_go(descriptor, parts)
        return self._buffer[:got]
