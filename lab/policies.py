"""Policies for the proofs of the firewall: single servers, nodes of a cluster, odd."""

from collections.abc import Mapping

from tests.firewall.site import LISTENERS, NODE, cluster, single

from zmward.firewall.minimum import minimum
from zmward.firewall.openings import EVERYBODY, Opening, Policy
from zmward.firewall.policy import policy
from zmward.firewall.zones import sources
from zmward.sources.listeners import Listener

_DHCP = Listener("udp", "*", 68, "dhclient")
_NETWORKS = {
    "admins": ["10.1.0.0/24", "192.0.2.64/26", "2001:db8:1::/48"],
    "clients": ["10.0.0.0/8", "2001:db8::/32"],
    "monitoring": ["10.9.0.1/32", "2001:db9::9/128"],
    "relays": ["10.5.0.0/24"],
}
_PROFILE = {
    "networks": _NETWORKS,
    "firewall": {
        "cluster": ["192.0.2.99/32"],
        "ssh-rate": "5/minute",
        "allow": [
            {"name": "vrrp", "from": ["cluster"], "why": "addresses that move"},
            {"name": "esp", "from": ["10.3.0.2/32"], "why": "a tunnel"},
            {"port": "7788-7799", "from": ["10.3.0.2/32"], "why": "storage"},
        ],
    },
}


def _opening(name: str, ports: tuple[tuple[int, int], ...], **more: object) -> Opening:
    found = {"protocol": "tcp", "zone": "internet", "sources": EVERYBODY, **more}
    return Opening(name, ports=ports, why="proof", origin="lab", **found)  # type: ignore[arg-type]  # by name


_FAR = sources(("10.64.0.0/10", "198.51.100.128/25", "2001:db9::/33"))
_ODD = Policy(
    "odd.example.com",
    (
        _opening("ssh", ((22, 22),), zone="admin", sources=_FAR, rate="3/minute"),
        _opening("gre", (), protocol="gre", zone="cluster", sources=_FAR),
        _opening("many", tuple((n, n + n % 3) for n in range(2000, 2200, 5))),
        _opening("dns", ((53, 53),), protocol="udp", rate="10/second"),
        _opening("dhcp", ((68, 68),), protocol="udp", zone="link", source_port=67),
        _opening(
            "high",
            ((60000, 65535),),
            zone="clients",
            sources=sources(f"10.{n}.0.0/25" for n in range(0, 160, 2)),
        ),
        _opening("esp", (), protocol="esp"),
    ),
)
BANS = sources(
    (
        *(f"203.0.113.{n}/32" for n in range(0, 200, 3)),
        *("198.51.100.0/27", "10.1.0.128/25", "10.128.0.0/9"),
        *("2001:db8:bad::/48", "2001:db9::1/128", "2001:db8:1:1::/64"),
    )
)


def policies() -> Mapping[str, Policy]:
    """Return each policy by its name."""
    whole = policy(single(profile=_PROFILE, listeners=(*LISTENERS, _DHCP)), NODE)
    plain = {"networks": {"admins": ["10.1.0.0/24", "2001:db8:a::/48"]}}
    nodes = cluster(plain)
    return {
        "single": whole,
        "plain": policy(single(profile=plain), NODE),
        "store": policy(nodes, "store.example.com"),
        "mta": policy(nodes, "mta.example.com"),
        "proxy": policy(nodes, "proxy.example.com"),
        "ldap": policy(nodes, "ldap.example.com"),
        "minimum": minimum(whole),
        "odd": _ODD,
    }
