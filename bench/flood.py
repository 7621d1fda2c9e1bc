"""Sends frames from a file as fast as the kernel takes them, each time it is asked.

All of them are handed over in batches by sendmmsg, without a queue in between. A line
of its input is for how many seconds.
"""

import ctypes
import os
import socket
import sys
import time
from pathlib import Path

BATCH = 1024
_SOL_PACKET, _QDISC_BYPASS = 263, 20


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vectors_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


def main(path: str, size: int, cpu: int) -> None:
    """Send; print how many frames went out, and in how many seconds."""
    os.sched_setaffinity(0, {cpu})
    os.nice(-15)
    content = Path(path).read_bytes()
    count = len(content) // size
    held = ctypes.create_string_buffer(content, len(content))
    start = ctypes.addressof(held)
    vectors = (_Vector * count)()
    messages = (_Message * count)()
    for number in range(count):
        vectors[number].base = start + number * size
        vectors[number].length = size
        header = messages[number].header
        header.vectors = ctypes.addressof(vectors[number])
        header.vectors_length = 1
    libc = ctypes.CDLL(None, use_errno=True)
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind(("eth0", 0))
    raw.setsockopt(_SOL_PACKET, _QDISC_BYPASS, 1)
    width = ctypes.sizeof(_Message)
    place = 0
    for line in sys.stdin:
        first, sent = time.monotonic(), 0
        until = first + float(line)
        while time.monotonic() < until:
            batch = min(BATCH, count - place)
            there = ctypes.byref(messages, place * width)
            went = libc.sendmmsg(raw.fileno(), there, batch, 0)
            sent += max(went, 0)
            place = (place + max(went, 1)) % count
        print(sent, time.monotonic() - first, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
