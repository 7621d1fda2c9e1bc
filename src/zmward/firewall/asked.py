"""Sources that the policy reads and no collection asks yet: names, peers, raw sockets.

They are collected once they stand in the folder of the sources.
"""

import ipaddress
import re
from collections.abc import Mapping

import msgspec

from zmward.sources.source import Command, Snippet, Source, Unreadable

_PROGRAM = re.compile(r'\(\("([^"]*)"')
_NAME = re.compile(r"> ([A-Za-z0-9.-]{1,253})")


class Connection(msgspec.Struct, frozen=True):
    """One established TCP connection, seen from the node."""

    local: str
    local_port: int
    peer: str
    peer_port: int
    program: str = ""


def _address(text: str) -> str:
    bare = text.strip("[]").partition("%")[0]
    try:
        found = ipaddress.ip_address(bare)
    except ValueError as error:
        raise Unreadable(f"not an address: {text[:60]!r}") from error
    # Java's sockets show IPv4 addresses as those of IPv6.
    mapped = found.ipv4_mapped if found.version == 6 else None  # noqa: PLR2004  # IPv6
    return str(mapped or found)


def _end(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    if not port.isdigit():
        raise Unreadable(f"ss: not a port: {text[:60]!r}")
    return _address(address), int(port)


def parse_established(answer: str) -> tuple[Connection, ...]:
    """Read `ss -Htnp`; states other than ESTAB are left out."""
    found = []
    for line in answer.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) < 5:  # noqa: PLR2004  # State Recv-Q Send-Q Local Peer
            raise Unreadable(f"ss: not a connection: {line[:60]!r}")
        if words[0] == "ESTAB":
            program = _PROGRAM.search(line)
            name = program[1] if program else ""
            found.append(Connection(*_end(words[3]), *_end(words[4]), name))
    return tuple(found)


def parse_resolved(answer: str) -> Mapping[str, frozenset[str]]:
    """Read `> name` lines, each with the addresses that the node finds for it."""
    found: dict[str, set[str]] = {}
    current: set[str] | None = None
    for line in answer.splitlines():
        name = _NAME.fullmatch(line)
        if name:
            current = found.setdefault(name[1], set())
        elif current is None:
            raise Unreadable(f"resolved names: no name before {line[:60]!r}")
        elif line.strip():
            current.add(_address(line.strip()))
    if not found:
        raise Unreadable("resolved names: no server was asked about")
    return {name: frozenset(addresses) for name, addresses in found.items()}


class RawSocket(msgspec.Struct, frozen=True):
    """One raw socket: the number of its IP protocol, and who holds it."""

    number: int
    program: str = ""


def parse_raw(answer: str) -> tuple[RawSocket, ...]:
    """Read `ss -Hlwnp`: the column of the port holds the protocol."""
    found = []
    for line in answer.splitlines():
        words = line.split()
        if not words:
            continue
        number = words[3].rpartition(":")[2] if len(words) > 4 else ""  # noqa: PLR2004
        if not number.isdigit():
            raise Unreadable(f"ss: not a raw socket: {line[:60]!r}")
        program = _PROGRAM.search(line)
        found.append(RawSocket(int(number), program[1] if program else ""))
    return tuple(dict.fromkeys(found))


ESTABLISHED = Source(
    name="established",
    about="Established TCP connections: who is connected to which port.",
    question=Command(("ss",), ("-Htnp",)),
    parse=parse_established,
)
RESOLVED_NAMES = Source(
    name="resolved-names",
    about="The addresses that the node itself finds for every server's name.",
    question=Snippet(
        r"""
names=$(search cn=servers,cn=zimbra one '(objectClass=zimbraServer)' \
    cn zimbraServiceHostname) || return
printf '%s\n' "$names" | awk '$1 == "cn:" || $1 == "zimbraServiceHostname:" {
    if ($2 ~ /^[A-Za-z0-9.-]+$/) print $2 }' | sort -u | head -n 200 |
    while read -r name; do
        printf '> %s\n' "$name"
        limit getent ahosts "$name" | awk '{ print $1 }' | sort -u
    done
""",
        seconds=60,
    ),
    parse=parse_resolved,
)
RAW_SOCKETS = Source(
    name="raw-sockets",
    about="Raw sockets: routing, VRRP and other IP protocols without ports.",
    question=Command(("ss",), ("-Hlwnp",)),
    parse=parse_raw,
)
