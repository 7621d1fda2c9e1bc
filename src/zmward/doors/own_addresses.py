"""The addresses of this machine, and its zone of time."""

import socket
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

_LOCAL = "32 host LOCAL"
_LINK = "fe80"


def own_addresses() -> tuple[str, ...]:
    """Return this machine's addresses of both families, as the kernel lists them."""
    return tuple(dict.fromkeys((*_ipv4(), *_ipv6())))


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("ascii").splitlines()
    except (OSError, ValueError):
        return []


def _ipv4() -> list[str]:
    found, last = [], ""
    for line in _lines("/proc/net/fib_trie"):
        words = line.split()
        if line.rstrip().endswith(_LOCAL):
            found.append(last)
        elif words:
            last = words[-1]
    return found


def _ipv6() -> list[str]:
    packed = [line.split()[0] for line in _lines("/proc/net/if_inet6") if line.strip()]
    return [
        socket.inet_ntop(socket.AF_INET6, bytes.fromhex(one))
        for one in packed
        if not one.startswith(_LINK)
    ]


def zone(name: str | None = None) -> tzinfo | None:
    """Return a zone of time by name, or this machine's own; None for no such zone."""
    try:
        if name:
            return ZoneInfo(name)
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError, KeyError):
        return None if name else ZoneInfo("UTC")
