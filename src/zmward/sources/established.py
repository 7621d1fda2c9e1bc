"""Connections that stand: who administers a node, and which peers use it."""

import msgspec

from zmward.sources._sockets import address, program
from zmward.sources.source import Snippet, Source, Unreadable


class Connection(msgspec.Struct, frozen=True):
    """One established TCP connection, seen from the node."""

    local: str
    local_port: int
    peer: str
    peer_port: int
    program: str = ""


def _end(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit()):
        raise Unreadable(f"ss: not a port: {text[:60]!r}")
    return address(host), int(port)


def parse(answer: str) -> tuple[Connection, ...]:
    """Read lines of `ss -Htnp`; states other than ESTAB are left out."""
    found = []
    for line in answer.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) < 5:  # State Recv-Q Send-Q Local Peer
            raise Unreadable(f"ss: not a connection: {line[:60]!r}")
        if words[0] == "ESTAB":
            ends = (*_end(words[3]), *_end(words[4]))
            found.append(Connection(*ends, program(line)))
    return tuple(found)


# Readers of mail are no one's business here, and there may be fifty thousand. sshd may
# have been given one of their ports, so what it holds, or nobody is known to hold,
# stays. One connection of a peer to a port stands for all.
ESTABLISHED = Source(
    name="established",
    about="Connections that stand, without those of mail's and the web's own users.",
    question=Snippet(
        r"""
all=$(limit ss -Htnp) || return
printf '%s\n' "$all" | awk '
    $1 != "ESTAB" { next }
    {
        port = $4
        sub(/^.*:/, "", port)
        peer = $5
        sub(/:[0-9]*$/, "", peer)
        if (peer ~ /^(\[::ffff:)?127\./ || peer == "[::1]") next
        users = port ~ /^(25|80|110|143|443|465|587|993|995)$/
        if (users && $0 ~ /users:/ && $0 !~ /"sshd/) next
        if (!seen[$4 " " peer]++) print
    }'
"""
    ),
    parse=parse,
)
