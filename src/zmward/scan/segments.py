"""The first packet of a TCP connection, and what answers to it look like.

Each question carries a secret number, so that an answer that does not know it is none.
"""

import struct
from typing import Final, Literal, NamedTuple

from zmward.scan.unreachable import Family

_TCP: Final = 6
_SYN: Final = 2
_RST: Final = 4
_SYN_ACK: Final = 18
# A maximum segment size, as every system's own connections name one.
_OPTIONS: Final = b"\x02\x04\x05\xb4"
_SEGMENT: Final = struct.Struct("!HHIIBBHHH")
_OFFSET: Final = 6 << 4
_WINDOW: Final = 1024
_IPV6_HEADER: Final = 40
_SHORTEST: Final = 20
_QUOTED: Final = 8
_ICMP_HEADER: Final = 8


def _folded(total: int) -> int:
    total = (total & 0xFFFF) + (total >> 16)
    return (total & 0xFFFF) + (total >> 16)


class Questions:
    """Makes questions from one own address and port to one other address."""

    def __init__(self, here: bytes, there: bytes, port: int) -> None:
        pseudo = here + there + struct.pack("!HH", _TCP, 20 + len(_OPTIONS))
        words = struct.unpack(f"!{len(pseudo) // 2}H", pseudo)
        fixed = (_OFFSET << 8) | _SYN
        options = struct.unpack("!2H", _OPTIONS)
        self._sum = sum(words) + sum(options) + fixed + _WINDOW + port
        self._port = port

    def segment(self, port: int, secret: int) -> bytes:
        """Return the packet for a port, its checksum included."""
        total = self._sum + port + (secret >> 16) + (secret & 0xFFFF)
        check = ~_folded(total) & 0xFFFF
        return (
            _SEGMENT.pack(self._port, port, secret, 0, _OFFSET, _SYN, _WINDOW, check, 0)
            + _OPTIONS
        )


class Answer(NamedTuple):
    """A segment that came back from a port, and the secret that it knows."""

    port: int
    secret: int
    state: Literal["open", "closed"]


class Quoted(NamedTuple):
    """An ICMP message about one of our questions."""

    kind: int
    code: int
    there: bytes
    port: int
    secret: int


def answer(content: bytes, family: Family, own: int) -> Answer | None:
    """Read a segment to the own port; IPv4 comes with its header, IPv6 without."""
    start = (content[0] & 15) * 4 if family == 4 and content else 0  # noqa: PLR2004
    if len(content) < start + _SHORTEST:
        return None
    source, port, _, known, _, flags, _, _, _ = _SEGMENT.unpack_from(content, start)
    if port != own:
        return None
    secret = (known - 1) & 0xFFFFFFFF
    if flags & _SYN_ACK == _SYN_ACK and not flags & _RST:
        return Answer(source, secret, "open")
    return Answer(source, secret, "closed") if flags & _RST else None


def quoted(content: bytes, family: Family, own: int) -> Quoted | None:
    """Read an ICMP message about a question from the own port."""
    start = (content[0] & 15) * 4 if family == 4 and content else 0  # noqa: PLR2004
    inner = start + _ICMP_HEADER
    if len(content) < inner + _SHORTEST:
        return None
    if family == 4:  # noqa: PLR2004
        length, protocol = (content[inner] & 15) * 4, content[inner + 9]
        there = content[inner + 16 : inner + 20]
    else:
        # Our questions have no extension headers.
        length, protocol = _IPV6_HEADER, content[inner + 6]
        there = content[inner + 24 : inner + 40]
    segment = content[inner + length : inner + length + _QUOTED]
    if protocol != _TCP or len(segment) < _QUOTED:
        return None
    source, port, secret = struct.unpack("!HHI", segment)
    if source != own:
        return None
    return Quoted(content[start], content[start + 1], there, port, secret)


def only(family: Family, own: int) -> list[tuple[int, int, int, int]]:
    """Return a filter that lets only segments to the own port in (bpf(4))."""
    head = [(0xB1, 0, 0, 0), (0x48, 0, 0, 2)] if family == 4 else [(0x28, 0, 0, 2)]  # noqa: PLR2004
    return [*head, (0x15, 0, 1, own), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)]
