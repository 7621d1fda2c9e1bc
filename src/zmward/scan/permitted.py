"""Who may be looked at: what is the site's own, the host itself, or vouched for."""

import ipaddress
from collections.abc import Iterable

from zmward.profile import Profile


def held(address: str, networks: Iterable[str]) -> bool:
    """Say whether one of some networks, among which names may stand, has an address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    for network in networks:
        try:
            if found in ipaddress.ip_network(network):
                return True
        except ValueError:  # a name
            continue
    return False


def permitted(
    name: str, addresses: Iterable[str], profile: Profile, vouched: Iterable[str]
) -> bool:
    """Say whether a host may be scanned.

    `vouched` are the names for which somebody says so on the command line. A name
    of the profile holds with whatever addresses it has; else all of them must be own.
    """
    wanted = name.lower().rstrip(".")
    own = profile.scan.hosts
    firewall = profile.firewall
    if wanted in {host.lower().rstrip(".") for host in (*own, *vouched)}:
        return True
    networks = (*own, *firewall.cluster, *firewall.virtual_addresses, "127.0.0.0/8")
    addresses = tuple(addresses)
    return bool(addresses) and all(held(a, (*networks, "::1/128")) for a in addresses)
