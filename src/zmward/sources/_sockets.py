"""What ss writes of a socket: its addresses, and the program that holds it."""

import ipaddress
import re

from zmward.sources.source import Unreadable

_PROGRAM = re.compile(r'\(\("([^"]*)"')


def program(line: str) -> str:
    """Return the first program that holds a socket, or an empty text."""
    found = _PROGRAM.search(line)
    return found[1] if found else ""


def address(text: str) -> str:
    """Return an address as Python writes it, without brackets and interface."""
    bare = text.strip("[]").partition("%")[0]
    try:
        found = ipaddress.ip_address(bare)
    except ValueError as error:
        raise Unreadable(f"not an address: {text[:60]!r}") from error
    # Java's sockets show IPv4 addresses as those of IPv6.
    mapped = found.ipv4_mapped if found.version == 6 else None  # IPv6
    return str(mapped or found)
