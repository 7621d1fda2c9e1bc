"""The installation's other servers, as fail2ban must spare them."""

import ipaddress
from collections.abc import Iterator

from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.fail2ban import Fail2ban


def _spared(address: str, ignored: tuple[str, ...]) -> bool:
    one = ipaddress.ip_address(address)
    for word in ignored:
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError:  # a name: fail2ban asks DNS, which is not done here
            continue
        if one.version == network.version and one in network:
            return True
    return False


def others(facts: Facts, host: str) -> Iterator[tuple[str, str]]:
    """Yield every server besides this one with its addresses; "" where unknown."""
    for server in facts.servers():
        if server.name == host:
            continue
        try:
            for address in facts.read(ADDRESSES, server.name):
                one = ipaddress.ip_address(address)
                if not one.is_loopback and not one.is_link_local:
                    yield server.name, address
        except Unseen:
            yield server.name, ""


def spares(found: Fail2ban, name: str, address: str) -> bool:
    """Say whether fail2ban never bans a server, by its name or its address."""
    return name in found.ignored or bool(address and _spared(address, found.ignored))
