"""Addresses that are not one machine's alone in the world, so that they name nobody."""

import ipaddress
from typing import Final

_IPV4: Final = tuple(
    map(
        ipaddress.IPv4Network,
        (
            # RFC 1918, RFC 6598 (behind which a provider's customers are).
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
            # RFC 7335 (what a telephone with IPv6 alone has), RFC 3927, loopback.
            *("192.0.0.0/24", "169.254.0.0/16", "127.0.0.0/8"),
        ),
    )
)
_IPV6: Final = tuple(map(ipaddress.IPv6Network, ("fc00::/7", "fe80::/10", "::1/128")))


def unique(address: str) -> bool:
    """Say whether an address belongs to one machine in the world.

    It does not where other sites have it too; nor is anything else than an address.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _IPV4)
    if found.ipv4_mapped:
        return unique(str(found.ipv4_mapped))
    return not any(found in network for network in _IPV6)
