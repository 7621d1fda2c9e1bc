"""Where operators come from: the kernel's table of sshd's sockets, and logind.

An environment variable would not do: sudo, su and a multiplexer drop SSH_CONNECTION or
keep one of another day.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping

from zmward.doors.host import Door

_SOCKETS = ("ss", "-tnpe", "state", "established")
# Since OpenSSH 9.8 a session has a program of its own.
_SSHD = re.compile(r'\("sshd(?:-session)?",pid=[0-9]+,')
# Shown for sockets of other users than root: anybody can name a process sshd.
_OF_A_USER = re.compile(r"(?:^| )uid:[0-9]+")
_ENDED = frozenset({"closing", ""})
_SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _address(text: str) -> str:
    """Return an address as a firewall writes it; empty where it is none."""
    try:
        found = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def peers(answer: str) -> Iterator[tuple[str, int]]:
    """Yield far address and own port of root's established sshd sockets."""
    for line in answer.splitlines():
        words = line.split(maxsplit=4)
        if len(words) < 5 or not _SSHD.search(words[4]):  # noqa: PLR2004  # ss's columns
            continue
        address = _address(words[3].rpartition(":")[0])
        port = words[2].rpartition(":")[2]
        if address and port.isdecimal() and not _OF_A_USER.search(words[4]):
            yield address, int(port)


def remote(answer: str) -> str:
    """Return where a session of logind comes from; empty for one of the console."""
    rows = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
    if rows.get("Remote") != "yes" or rows.get("State", "") in _ENDED:
        return ""
    return _address(rows.get("RemoteHost", ""))


def _sessions(door: Door) -> Iterator[str]:
    listed = door.run(("loginctl", "list-sessions", "--no-legend", "--no-pager"))
    for line in listed.out.decode("utf-8", "replace").splitlines():
        name = line.split()[0] if line.split() else ""
        if _SESSION.fullmatch(name):
            wanted = ("-p", "Remote", "-p", "RemoteHost", "-p", "State")
            shown = door.run(("loginctl", "show-session", *wanted, "--", name))
            yield remote(shown.out.decode("utf-8", "replace"))


def logins(door: Door) -> Mapping[str, tuple[int, ...]]:
    """Return from where somebody is logged in now, and by which ports of sshd.

    Of a session that only logind tells, these are the ports of all others.
    """
    said = door.run(_SOCKETS).out.decode("utf-8", "replace")
    found: dict[str, set[int]] = {}
    for address, port in peers(said):
        found.setdefault(address, set()).add(port)
    every = {port for ports in found.values() for port in ports}
    for address in filter(None, _sessions(door)):
        found.setdefault(address, every)
    return {address: tuple(sorted(found[address])) for address in sorted(found)}


def operators(door: Door) -> tuple[str, ...]:
    """Return the addresses from which somebody is logged in to the host now."""
    return tuple(logins(door))
