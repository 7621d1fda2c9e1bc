"""Whether a policy lets a first packet in, by its protocol, port and source."""

import ipaddress
from collections.abc import Iterator

from zmward.firewall.openings import Opening, Policy, Sources, number


def holds(who: Sources, source: str) -> bool:
    """Say whether an address is one of some."""
    found = ipaddress.ip_address(source)
    return int(found) in who.of("ipv4" if found.version == 4 else "ipv6")  # noqa: PLR2004  # IPv4


def numbered(protocol: str) -> int:
    """Return a protocol's number, be it named or not; -1 where nobody knows it."""
    try:
        return number(protocol)
    except KeyError:
        return -1


def openings_for(policy: Policy, protocol: str, port: int) -> Iterator[Opening]:
    """Yield what a policy opens of a port, wherever its packets come from."""
    for one in policy.openings:
        spans = not one.ports or any(a <= port <= b for a, b in one.ports)
        # An answer to DHCP comes from one port: that is no way in for others.
        if one.number == numbered(protocol) and spans and not one.source_port:
            yield one


def admits(policy: Policy, protocol: str, port: int, source: str) -> bool:
    """Say whether an opening is for this caller."""
    return any(holds(o.sources, source) for o in openings_for(policy, protocol, port))
