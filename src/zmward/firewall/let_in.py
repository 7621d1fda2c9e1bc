"""Whether rules that would be loaded let somebody in by SSH, judged from their texts.

Of ufw only what is ours is judged: other rules of ufw's may let in whom ours do not,
and nobody should depend on it.
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from zmward.firewall import ipset, iptables, nft_text
from zmward.firewall.ipset_script import restored
from zmward.firewall.packet import TCP, Packet
from zmward.firewall.ranges import Family, network
from zmward.firewall.rules import Ruleset
from zmward.firewall.verdict import verdict
from zmward.ruleset import Rules
from zmward.sources.source import Unreadable

# ufw's own way through its chains, shortened to those in which ours stand.
_IN_UFW = """\
*filter
:INPUT DROP [0:0]
:{own}-before-input - [0:0]
:{own}-logging-deny - [0:0]
:{own}-user-input - [0:0]
-A INPUT -j {own}-before-input
{block}\
-A {own}-before-input -j {own}-user-input
{user}\
COMMIT
"""
_OWN: dict[Family, str] = {"ipv4": "ufw", "ipv6": "ufw6"}


# One for each family: whoever is logged in meets the same rules.
@lru_cache(maxsize=2)
def _ruleset(rules: Rules, family: Family) -> Ruleset:
    """Return the chains that a packet of a family meets once these are loaded."""
    place = 0 if family == "ipv4" else 1
    if rules.backend == "nftables":
        return nft_text.parse(rules.texts[0])
    if rules.backend == "ufw":
        block, user = rules.texts[1 + place], rules.texts[3 + place]
        text = _IN_UFW.format(own=_OWN[family], block=block, user=user)
        return iptables.parse(text, family)
    sets, text = rules.texts[0], rules.texts[1 + place]
    if not text:
        return Ruleset({})
    return iptables.parse(text, family, ipset.Sets(restored(sets)))


def shut_out(rules: Rules, address: str, ports: Iterable[int]) -> str:
    """Say why a first packet from an address reaches none of some ports.

    Empty where it surely reaches one.
    """
    if ipaddress.ip_address(address).is_loopback:
        return ""
    family, (source, _) = network(address)
    try:
        ruleset = _ruleset(rules, family)
    except (Unreadable, ValueError) as error:
        return f"the rules cannot be judged: {error}"
    reason = "no port of SSH is known"
    for port in ports:
        packet = Packet(family, source, -1, TCP, destination_port=port)
        found = verdict(ruleset, packet)
        if found.verdict == "accept":
            return ""
        reason = found.reason
    return reason
