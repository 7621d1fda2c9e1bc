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


def interfaces(answer: str) -> tuple[str, ...]:
    """Return the interfaces that have an address, the loopback left out."""
    found = (line.split() for line in answer.splitlines())
    names = (words[1] for words in found if len(words) > 2)
    return tuple(dict.fromkeys(name for name in names if name != "lo"))


ADDRESSES = Source(
    name="addresses",
    about="The node's own addresses.",
    question=Command(("ip",), ("-o", "addr")),
    parse=parse,
)
