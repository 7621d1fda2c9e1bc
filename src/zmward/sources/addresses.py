"""The node's own addresses."""

import ipaddress
from itertools import pairwise

from zmward.sources.source import Command, Source, Unreadable


def parse(answer: str) -> tuple[str, ...]:
    """Read `ip -o addr`: every address without its prefix, as Python writes it."""
    found = []
    for line in answer.splitlines():
        words = line.split()
        for family, address in pairwise(words):
            if family not in ("inet", "inet6"):
                continue
            try:
                interface = ipaddress.ip_interface(address.partition("%")[0])
            except ValueError as error:
                raise Unreadable(f"ip addr: not an address: {address!r}") from error
            found.append(str(interface.ip))
            break
    if not found:
        raise Unreadable("ip addr: the answer holds no addresses")
    return tuple(dict.fromkeys(found))


ADDRESSES = Source(
    name="addresses",
    about="The node's own addresses.",
    question=Command(("ip",), ("-o", "addr")),
    parse=parse,
)
