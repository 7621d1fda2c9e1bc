"""IP protocols without ports that a node speaks, by its raw sockets."""

import msgspec

from zmward.sources._sockets import program
from zmward.sources.source import Command, Source, Unreadable


class RawSocket(msgspec.Struct, frozen=True):
    """One raw socket: the number of its IP protocol, and who holds it."""

    number: int
    program: str = ""


def parse(answer: str) -> tuple[RawSocket, ...]:
    """Read `ss -Hlwnp`: the column of the port holds the protocol."""
    found = []
    for line in answer.splitlines():
        words = line.split()
        if not words:
            continue
        number = words[3].rpartition(":")[2] if len(words) > 4 else ""
        if not (number.isascii() and number.isdigit()):
            raise Unreadable(f"ss: not a raw socket: {line[:60]!r}")
        found.append(RawSocket(int(number), program(line)))
    return tuple(dict.fromkeys(found))


RAW_SOCKETS = Source(
    name="raw-sockets",
    about="Raw sockets: routing, VRRP and other IP protocols without ports.",
    question=Command(("ss",), ("-Hlwnp",)),
    parse=parse,
)
