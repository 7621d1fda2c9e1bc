"""Sends one packet to each of many ports and notes who answers; runs in a namespace.

Instead of ports, there may be numbers of IP protocols: packets without a body.

Frames go past the packet filter of the side that sends, and answers are seen before it:
only the side that is scanned decides.
"""

import json
import socket
import struct
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Of which the scanned side counts the packets: nobody else sets it.
MARK = 42
_ETHER = {4: 0x0800, 6: 0x86DD}
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_PLACES = {4: (23, 26, 34), 6: (20, 22, 54)}
_TCP = 6
_SYN, _ACK, _RST = 2, 16, 4
_BURST = 96
_QUIET = 0.1
_LONGEST = 20.0
_BUFFER = 128 * 1024 * 1024
# From linux/if_packet.h; Python has no names for them.
_SOL_PACKET, _IGNORE_OUTGOING = 263, 23


def _sum(content: bytes) -> int:
    padded = content + b"\0" * (len(content) % 2)
    return sum(struct.unpack(f"!{len(padded) // 2}H", padded))


def _folded(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _network(version: int, source: bytes, target: bytes, kind: int, size: int) -> bytes:
    """Return the header of IP, marked."""
    if version == 6:  # noqa: PLR2004 - IPv6
        first = 6 << 28 | MARK << 2 << 20
        return struct.pack("!IHBB", first, size, kind, 64) + source + target
    head = struct.pack("!BBHHHBBH", 0x45, MARK << 2, 20 + size, 0, 0x4000, 64, kind, 0)
    head += source + target
    return head[:10] + struct.pack("!H", _folded(_sum(head))) + head[12:]


def frames(asked: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield one frame for each port: TCP with some flags, or an empty datagram."""
    version, kind = asked["version"], asked["protocol"]
    ends = (asked["source"], asked["target"])
    source, target = (socket.inet_pton(_FAMILY[version], end) for end in ends)
    ether = bytes.fromhex((asked["to"] + asked["from"]).replace(":", ""))
    ether += struct.pack("!H", _ETHER[version])
    if not kind:
        for number in asked["ports"]:
            yield ether + _network(version, source, target, number, 0)
        return
    tail = struct.pack("!IIBBHHH", 1, 0, 5 << 4, asked.get("flags", _SYN), 64240, 0, 0)
    size = 20 if kind == _TCP else 8
    head = ether + _network(version, source, target, kind, size)
    own = struct.pack("!H", asked["source_port"])
    rest = tail[:12] if kind == _TCP else struct.pack("!H", 8)
    known = _sum(source + target + struct.pack("!II", size, kind) + own + rest)
    end = b"\0\0" if kind == _TCP else b""
    for port in asked["ports"]:
        check = struct.pack("!H", _folded(known + port) or 0xFFFF)
        yield head + own + struct.pack("!H", port) + rest + check + end


class _Answers:
    """The answers to one scan, by the port from which they come."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        version = asked["version"]
        self._socket = socket.socket(
            socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETHER[version])
        )
        self._socket.setsockopt(socket.SOL_SOCKET, 33, _BUFFER)  # SO_RCVBUFFORCE
        self._socket.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        self._socket.bind(("eth0", 0))
        self._socket.settimeout(0)
        # Where a frame holds the protocol, the source address and the ports.
        self._protocol, self._source, self._start = _PLACES[version]
        self._target = socket.inet_pton(_FAMILY[version], asked["target"])
        self._own = struct.pack("!H", asked["source_port"])
        self.open: set[int] = set()
        self.closed: set[int] = set()

    def take(self) -> int:
        """Read what is there and return how many frames that was."""
        count = 0
        while True:
            try:
                found = self._socket.recv(128)
            except BlockingIOError:
                return count
            count += 1
            at = self._start
            if found[self._protocol] != _TCP or found[at + 2 : at + 4] != self._own:
                continue
            if found[self._source : self._source + len(self._target)] != self._target:
                continue
            port, flags = int.from_bytes(found[at : at + 2], "big"), found[at + 13]
            if flags & _RST:
                self.closed.add(port)
            elif flags & (_SYN | _ACK) == _SYN | _ACK:
                self.open.add(port)


def scan(asked: Mapping[str, Any]) -> Mapping[str, Sequence[int]]:
    """Send everything, and return which ports answered how."""
    answers = _Answers(asked)
    limit = time.monotonic() + _LONGEST
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind(("eth0", 0))
        for number, frame in enumerate(frames(asked)):
            raw.send(frame)
            if number % _BURST == _BURST - 1:
                answers.take()
    # Nothing is learnt from the answers to datagrams.
    quiet = time.monotonic() + (_QUIET if asked["protocol"] == _TCP else 0)
    while time.monotonic() < min(quiet, limit):
        if answers.take():
            quiet = time.monotonic() + _QUIET
        time.sleep(0.005)
    return {"open": sorted(answers.open), "closed": sorted(answers.closed)}


if __name__ == "__main__":
    json.dump([scan(asked) for asked in json.load(sys.stdin)], sys.stdout)
