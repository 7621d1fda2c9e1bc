"""The zones of a site as addresses, and what is wrong with them."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from zmward.firewall.openings import EVERYBODY, Policy, Problem, Sources, Zone
from zmward.firewall.ranges import networks
from zmward.profile import Networks, Profile

Zones = Mapping[Zone, Sources]


def sources(texts: Iterable[str]) -> Sources:
    """Return the addresses that some networks name; BadAddress for what is none."""
    kept = tuple(texts)
    return Sources(networks(kept, "ipv4"), networks(kept, "ipv6"))


def zones(profile: Profile, peers: Sources) -> Zones:
    """Return every zone; `peers` are the cluster's addresses."""
    found = profile.networks
    return {
        "internet": EVERYBODY,
        "clients": sources(found.clients),
        "admin": sources(found.admins),
        "monitoring": sources(found.monitoring),
        "balancers": sources(found.proxies),
        "cluster": peers,
    }


def as_seen(profile: Profile, policies: Iterable[Policy]) -> Zones:
    """Return every zone, with the cluster's addresses as policies show them."""
    peers = Sources()
    for one in policies:
        for opening in one.openings:
            peers |= opening.sources if opening.zone == "cluster" else Sources()
    return zones(profile, peers)


def _lists(profile: Profile) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in Networks.__struct_fields__:
        yield f"networks.{name}", getattr(profile.networks, name)
    yield "firewall.cluster", profile.firewall.cluster
    yield "firewall.virtual-addresses", profile.firewall.virtual_addresses


def _overlapping(key: str, texts: tuple[str, ...]) -> Iterator[Problem]:
    for one, two in combinations(dict.fromkeys(texts), 2):
        first, second = ipaddress.ip_network(one), ipaddress.ip_network(two)
        if first.version == second.version and first.overlaps(second):
            text = f"{one} and {two} in {key} overlap; they are taken as one."
            yield Problem("network", key, text, refuses=False)


def problems(profile: Profile) -> Iterator[Problem]:
    """Yield what is wrong with the networks that the profile names."""
    for key, texts in _lists(profile):
        yield from _overlapping(key, texts)
        for text in texts:
            if ipaddress.ip_network(text).prefixlen == 0 and key != "networks.clients":
                yield Problem(
                    *("network", key),
                    f"{text} in {key} is everybody: that is no zone.",
                    refuses=key != "networks.admins",
                )
    admins, clients = (
        sources(profile.networks.admins),
        sources(profile.networks.clients),
    )
    if clients and clients.ipv4 <= admins.ipv4 and clients.ipv6 <= admins.ipv6:
        text = "Every client's network is one of administrators: clients reach SSH."
        yield Problem("exposure", "networks.admins", text, refuses=False)
    if profile.networks.admins and not (admins.ipv4 and admins.ipv6):
        lacking = "IPv6" if admins.ipv4 else "IPv4"
        text = (
            f"networks.admins names no {lacking} network: over it nobody gets to SSH."
        )
        yield Problem("network", "networks.admins", text, refuses=False)
