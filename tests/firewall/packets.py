"""Short words for the tests: a packet, and what a rule set does with it."""

from zmward.firewall.packet import Packet, asked, probe
from zmward.firewall.ranges import Family, everything, network
from zmward.firewall.reach import Reach, reach
from zmward.firewall.rules import FLAGS, PROTOCOLS, Ruleset

HERE = {"ipv4": "192.0.2.10", "ipv6": "2001:db8:0:1::10"}


def number(text: str) -> int:
    return network(text)[1][0]


def packet(
    source: str = "198.51.100.7",
    port: int = 25,
    *,
    protocol: str = "tcp",
    flags: str = "SYN",
    sport: int = 49152,
    icmp: tuple[int, int] = (8, 0),
    state: str = "",
    entry: str = "eth0",
) -> Packet:
    family, (first, _) = network(source)
    return Packet(
        family,
        first,
        number(HERE[family]),
        PROTOCOLS[protocol],
        sport,
        port,
        sum(FLAGS[word] for word in flags.split(",") if word),
        icmp,
        state,
        entry,
    )


def what(ruleset: Ruleset, one: Packet) -> Reach:
    return reach(ruleset, probe(one), asked(one))


def verdict(ruleset: Ruleset, one: Packet) -> str:
    return what(ruleset, one).verdict


def whole(ruleset: Ruleset, one: Packet, family: Family = "ipv4") -> Reach:
    return reach(ruleset, probe(one), everything(family))
