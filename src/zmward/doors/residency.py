"""Tells which pages of a file are in memory before it is read; lets only others go.

The kernel's mincore tells it without reading anything; Python has no word for it.
"""

import ctypes
import mmap
import os
from collections.abc import Iterator
from typing import Final

WINDOW: Final = 64 << 20
PAGE: Final = mmap.PAGESIZE
_FAILED: Final = ctypes.c_void_p(-1).value


def _libc() -> ctypes.CDLL | None:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = (
            *(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int),
            *(ctypes.c_int, ctypes.c_int, ctypes.c_long),
        )
        libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        libc.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)
    except (OSError, AttributeError):
        return None
    return libc


_LIBC: Final = _libc()


def absent(descriptor: int, offset: int, length: int) -> tuple[tuple[int, int], ...]:
    """Return the parts of a file that are not in memory, as offset and length.

    Where that cannot be found out, nothing is returned, and so nothing is let go. The
    offset is a multiple of a page.
    """
    if _LIBC is None or length <= 0:
        return ()
    start = _LIBC.mmap(
        None, length, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, offset
    )
    if start in {None, _FAILED}:
        return ()
    pages = -(-length // PAGE)
    seen = ctypes.create_string_buffer(pages)
    failed = _LIBC.mincore(start, length, seen)
    _LIBC.munmap(start, length)
    return () if failed else tuple(_gaps(seen.raw, offset))


def _gaps(pages: bytes, offset: int) -> Iterator[tuple[int, int]]:
    here = bytes(page & 1 for page in pages)
    at = 0
    while (begin := here.find(b"\0", at)) >= 0:
        at = here.find(b"\1", begin)
        end = len(here) if at < 0 else at
        yield offset + begin * PAGE, (end - begin) * PAGE
        if at < 0:
            return


def let_go(descriptor: int, parts: tuple[tuple[int, int], ...]) -> None:
    """Tell the kernel that these parts will not be needed again."""
    for offset, length in parts:
        os.posix_fadvise(descriptor, offset, length, os.POSIX_FADV_DONTNEED)
