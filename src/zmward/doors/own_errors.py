"""What the kernel tells of a connection that did not come about, and who said so.

An errno alone does not tell a router's refusal from trouble on this machine; the error
queue (ip(7), IP_RECVERR) holds the ICMP message and its sender.
"""

import socket
import struct
from contextlib import suppress
from typing import Final, NamedTuple

from zmward.scan.unreachable import Family

# Python does not name them; they are the same on all of Linux.
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25
_MSG_ERRQUEUE: Final = 0x2000
_ICMP: Final = {2: 4, 3: 6}
_ERROR: Final = struct.Struct("=IBBBxII")
_OFFENDER: Final = {4: slice(20, 24), 6: slice(24, 40)}


class Told(NamedTuple):
    """One ICMP message; `own` says that it came from this machine itself."""

    family: Family
    kind: int
    code: int
    own: bool


def listen(wire: socket.socket) -> None:
    """Have ICMP messages kept for a socket, where the system can."""
    with suppress(OSError):
        if wire.family == socket.AF_INET6:
            wire.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        else:
            wire.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)


def told(wire: socket.socket, there: str) -> Told | None:
    """Return the ICMP message that a socket has received, if one has come.

    `there` is the address that was asked: what is asked of oneself is no own trouble.
    """
    try:
        _, notes, _, _ = wire.recvmsg(1, 512, _MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, content in notes:
        if (level, kind) not in {
            (socket.IPPROTO_IP, _IP_RECVERR),
            (socket.IPPROTO_IPV6, _IPV6_RECVERR),
        }:
            continue
        _, origin, what, code, _, _ = _ERROR.unpack_from(content)
        if origin in _ICMP:
            family: Family = 6 if _ICMP[origin] == 6 else 4  # noqa: PLR2004
            own = content[_OFFENDER[family]] == _here(wire, there)
            return Told(family, what, code, own)
    return None


def _here(wire: socket.socket, there: str) -> bytes:
    """Return the own address in packed form; nothing where it is the one asked."""
    name = str(wire.getsockname()[0]).partition("%")[0]
    return (
        b"" if name == there.partition("%")[0] else socket.inet_pton(wire.family, name)
    )
