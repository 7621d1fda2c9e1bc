"""Finds the SMTP client behind a saslauthd request.

The protocol does not carry the address; Zimbra's build hands it over by itself.
Here it is read from the kernel: the asking process, its sockets, their peers.
"""

import ipaddress
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PORTS = (25, 465, 587)
ESTABLISHED = "01"
_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True)
class Peer:
    """The other end of an SMTP connection."""

    address: str
    port: int


def asking_process(connection: socket.socket) -> int:
    """Return the process that connected to a socket file."""
    option = (socket.SOL_SOCKET, socket.SO_PEERCRED)
    pid, _, _ = _CREDENTIALS.unpack(connection.getsockopt(*option, _CREDENTIALS.size))
    return int(pid)


def smtp_client(process: int, root: Path = Path("/proc")) -> Peer | None:
    """Return the client of the SMTP session that a process serves."""
    try:
        sockets = set(_sockets(root / str(process)))
        tables = [(root / "net" / name).read_text() for name in ("tcp", "tcp6")]
    except OSError:
        return None
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    for row in rows:
        local, remote, state, inode = row[1], row[2], row[3], row[9]
        if inode in sockets and state == ESTABLISHED and _port(local) in PORTS:
            return Peer(_address(remote), _port(remote))
    return None


def _sockets(process: Path) -> Iterator[str]:
    for path in (process / "fd").iterdir():
        target = str(path.readlink())
        if target.startswith("socket:["):
            yield target[8:-1]


def _port(end: str) -> int:
    return int(end.rpartition(":")[2], 16)


def _address(end: str) -> str:
    words = bytes.fromhex(end.rpartition(":")[0])
    # The kernel prints each 32-bit word in the machine's own byte order.
    parts = (words[at : at + 4][::-1] for at in range(0, len(words), 4))
    address = ipaddress.ip_address(b"".join(parts))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
