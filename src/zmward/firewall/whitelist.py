"""Who may reach a port of a node by its policy, and who could come at all."""

from collections.abc import Iterable
from typing import Final

from zmward.facts import Facts
from zmward.firewall.openings import FAMILIES, Opening, Policy, Sources, Zone
from zmward.firewall.policy import policy
from zmward.firewall.ranges import NOTHING, Family, Ranges, everything, networks
from zmward.firewall.topology import Topology, topology
from zmward.firewall.zones import Zones, zones
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.established import ESTABLISHED
from zmward.sources.listeners import LISTENERS
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.packages import PACKAGES
from zmward.sources.rawsockets import RAW_SOCKETS
from zmward.sources.resolvednames import RESOLVED_NAMES
from zmward.sources.sshd import SSHD

# What a policy is made of.
NEEDS: Final = (
    *(CONFIG, SERVERS, LISTENERS, PACKAGES, LOCALCONFIG, SSHD, ADDRESSES),
    *(ESTABLISHED, RESOLVED_NAMES, RAW_SOCKETS),
)
# Openings for these are for everybody, or for whoever the site serves.
_OUTER: Final[frozenset[Zone]] = frozenset({"internet", "clients"})
# Routers and kernels refuse these as sources of what comes over a network.
_NO_SOURCES: Final = (
    *("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"),
    *("::/127", "::ffff:0:0/96", "ff00::/8"),
)
# A peer that is not resolved is an address, not a network.
_PEERS: Final = 256


def whitelist(facts: Facts, host: str) -> Policy:
    """Return a node's policy, worked out once."""
    return facts.kept("policy", host, lambda: policy(facts, host))


def known_zones(facts: Facts, host: str) -> Zones:
    """Return a node's zones with their addresses, worked out once."""
    return facts.kept(
        "zones",
        host,
        lambda: zones(facts.profile, _place(facts, host).addresses),
    )


def _place(facts: Facts, host: str) -> Topology:
    return facts.kept("topology", host, lambda: topology(facts, host))


def comers(own: Ranges, family: Family) -> Ranges:
    """Return all addresses from which a packet can come to a host with its own."""
    return everything(family) - networks(_NO_SOURCES, family) - own


def _for(opening: Opening, protocol: int, port: int) -> bool:
    return opening.number == protocol and any(a <= port <= b for a, b in opening.ports)


def opened(facts: Facts, host: str, protocol: int, port: int) -> Sources:
    """Return everybody to whom a node's policy opens a port."""
    found = Sources()
    for one in whitelist(facts, host).openings:
        if _for(one, protocol, port):
            found |= one.sources
    return found


def inner(
    facts: Facts, host: str, protocol: int, port: int, trusted: Iterable[Zone]
) -> Sources:
    """Return who may reach a port that is no public one: some zones, and by name.

    What a profile opens to everybody or to clients does not count.
    """
    found = zone_sources(facts, host, trusted)
    for one in whitelist(facts, host).openings:
        if _for(one, protocol, port) and one.zone not in _OUTER:
            wide = one.sources.everybody("ipv4") or one.sources.everybody("ipv6")
            found |= Sources() if wide else one.sources
    return found


def zone_sources(facts: Facts, host: str, trusted: Iterable[Zone]) -> Sources:
    """Return the addresses of some zones."""
    found = Sources()
    for zone in trusted:
        own = known_zones(facts, host)[zone]
        # A zone of everybody is none, whatever the profile calls it.
        found |= Sources(
            *(NOTHING if own.everybody(f) else own.of(f) for f in FAMILIES)
        )
    return found


def unresolved(facts: Facts, host: str, some: Ranges) -> str:
    """Say why a few addresses may be peers; empty where they are too many for that."""
    if some.count() > _PEERS:
        return ""
    return next((p.text for p in _place(facts, host).problems if p.refuses), "")
