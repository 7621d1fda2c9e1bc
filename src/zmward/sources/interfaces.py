"""The ways into a node: its network interfaces."""

import re

from zmward.sources.source import Command, Source, Unreadable

_LINE = re.compile(r"\d+: ([^ @:]+)(?:@[^ :]*)?: <([A-Z_,-]*)>.*")


def parse(answer: str) -> tuple[str, ...]:
    """Read `ip -o link`: the names of those that are up, without the loopback."""
    found = []
    for line in answer.splitlines():
        told = _LINE.fullmatch(line)
        if told is None:
            raise Unreadable(f"ip link: not an interface: {line[:60]!r}")
        flags = told[2].split(",")
        if "UP" in flags and "LOOPBACK" not in flags:
            found.append(told[1])
    if not answer.strip():
        raise Unreadable("ip link: the answer names no interface")
    return tuple(found)


INTERFACES = Source(
    name="interfaces",
    about="The node's network interfaces, by which packets come in.",
    question=Command(("ip",), ("-o", "link")),
    parse=parse,
)
