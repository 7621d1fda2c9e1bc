"""The proof that the reach engine says of packets what the kernel does with them."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.frames import frame
from lab.network import NODE_IPV4, NODE_IPV6
from lab.wire import Wire, wire
from zmward.firewall import iptables, nft
from zmward.firewall.packet import ICMP, ICMPV6, TCP, UDP, Packet, asked, probe
from zmward.firewall.ranges import BITS, Family, Ranges, network
from zmward.firewall.reach import Reach, reach
from zmward.firewall.rules import FLAGS, PROTOCOLS, Is, OneOf, Rule, Ruleset

RULESETS = Path(__file__).parent / "rulesets"
HERE: dict[Family, int] = {
    "ipv4": network(NODE_IPV4)[1][0],
    "ipv6": network(NODE_IPV6)[1][0],
}
NETWORKS: dict[Family, tuple[str, ...]] = {
    "ipv4": ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8"),
    "ipv6": ("2001:db8::/32", "2001:db9::/32", "fd00::/64", "2001:db8:1::/48"),
}
PORTS = (22, 25, 53, 80, 443, 514, 7025, 7071, 11211)
TYPES: dict[Family, tuple[tuple[int, int], ...]] = {
    "ipv4": ((8, 0), (0, 0), (3, 1), (3, 4), (11, 0), (13, 0), (5, 1)),
    "ipv6": ((128, 0), (129, 0), (1, 0), (2, 0), (3, 0), (135, 0), (136, 0), (134, 0)),
}
_S, _A, _F, _R = FLAGS["SYN"], FLAGS["ACK"], FLAGS["FIN"], FLAGS["RST"]
_P, _U = FLAGS["PSH"], FLAGS["URG"]
ODD = (0, _A, _S | _A, _R, _F, _F | _A, _F | _P | _U, _S | _F, 63, _S | 192, _P | _A)
# Addresses that routing itself refuses, whatever the rules say.
REFUSED: dict[Family, tuple[str, ...]] = {
    "ipv4": (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "224.0.0.0/3",
        "192.0.2.255/32",
        "192.0.2.0/32",
    ),
    "ipv6": ("::/8", "ff00::/8", "fe80::/10"),
}


@dataclass
class Agreement:
    """What one rule set showed."""

    name: str
    seed: int
    packets: int = 0
    accepted: int = 0
    unknown: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    lost: int = 0
    unhit: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the line for people."""
        share = 100 * self.accepted / max(1, self.packets)
        return (
            f"{self.name:<24} seed {self.seed:>6}: {self.packets} packets, "
            f"{len(self.apart)} apart, {len(self.unknown)} unknown, "
            f"{share:.0f} % accepted, {len(self.unhit)} rules not hit"
        )


def _rules(ruleset: Ruleset, family: Family) -> Iterator[Rule]:
    """Yield the rules that a packet for this host can meet."""
    waiting = list(ruleset.base(family))
    seen = {(chain.table, chain.name) for chain in waiting}
    while waiting:
        chain = waiting.pop()
        for rule in chain.rules:
            yield rule
            place = (chain.table, rule.target)
            if rule.verdict in ("jump", "goto") and place not in seen:
                seen.add(place)
                if place in ruleset.chains:
                    waiting.append(ruleset.chains[place])


def _cells(rule: Rule) -> Iterator[tuple[str, Sequence[tuple[int, int]]]]:
    """Yield the fields that a rule looks at with the ranges that it wants."""
    for match in rule.matches:
        if isinstance(match, Is):
            yield match.field, match.values.pairs
        elif isinstance(match, OneOf):
            for row in match.rows[:50]:
                for name, cell in zip(match.fields, row, strict=True):
                    if isinstance(cell, Ranges):
                        yield name, cell.pairs


def _edges(ruleset: Ruleset, family: Family) -> tuple[list[int], list[int]]:
    """Return addresses and ports at the rules' boundaries, and just beyond them."""
    edges: dict[str, set[int]] = {"source": set(), "port": set()}
    for rule in _rules(ruleset, family):
        for name, pairs in _cells(rule):
            of = "port" if name.endswith("port") else name
            for first, last in pairs[:50] if of in edges else ():
                edges[of].update((first - 1, first, last, last + 1))
    usable = [n for n in edges["source"] if _usable(n, family)]
    return sorted(usable), sorted(n for n in edges["port"] if 0 < n < 1 << 16)


def _usable(number: int, family: Family) -> bool:
    if not 0 < number < 1 << BITS[family] or number == HERE[family]:
        return False
    spans = (network(text)[1] for text in REFUSED[family])
    return not any(first <= number <= last for first, last in spans)


def packets(
    rulesets: dict[Family, Ruleset], count: int, dice: random.Random
) -> list[Packet]:
    """Return random packets of both families, many at the rules' boundaries."""
    edges = {family: _edges(rulesets[family], family) for family in rulesets}
    found: list[Packet] = []
    used: set[tuple[int, ...]] = set()
    while len(found) < count:
        family: Family = dice.choice(("ipv4", "ipv6"))
        sources, ports = edges[family]
        span = network(dice.choice(NETWORKS[family]))[1]
        source = dice.randint(*span)
        if sources and dice.random() < 0.6:  # noqa: PLR2004  # more than half
            source = dice.choice(sources)
        if not _usable(source, family):
            continue
        port = dice.choice((*PORTS, dice.randint(1, 65535)))
        if ports and dice.random() < 0.6:  # noqa: PLR2004  # more than half
            port = dice.choice(ports)
        own = ICMP if family == "ipv4" else ICMPV6
        protocol = dice.choice((TCP, TCP, TCP, TCP, UDP, UDP, own, PROTOCOLS["gre"]))
        sport = dice.randint(1, 65535)
        if ports and dice.random() < 0.1:  # noqa: PLR2004  # now and then
            sport = dice.choice(ports)
        # A second packet of one connection would not be a first one.
        key: tuple[int, ...] = ()
        if protocol in (TCP, UDP):
            key = (source, protocol, sport, port)
        elif protocol == PROTOCOLS["gre"]:
            key = (source, protocol)
        if key in used:
            continue
        if key:
            used.add(key)
        flags = _S if dice.random() < 0.7 else dice.choice(ODD)  # noqa: PLR2004
        icmp = dice.choice(TYPES[family])
        found.append(
            Packet(
                family,
                source,
                HERE[family],
                protocol,
                sport,
                port,
                flags,
                icmp,
                entry="eth0",
            )
        )
    return found


def load(link: Wire, paths: Sequence[Path]) -> dict[Family, Ruleset]:
    """Load the files of one rule set, and return what the tools then tell of it."""
    for path in paths:
        text = path.read_text()
        if path.suffix == ".nft":
            link.inside("nft", "-f", "-", given=text)
        else:
            tool = "iptables" if path.suffix == ".v4" else "ip6tables"
            kind = "legacy" if "legacy" in path.stem else "nft"
            link.inside(f"{tool}-{kind}-restore", given=text)
    if paths[0].suffix == ".nft":
        one = nft.parse(link.ruleset())
        return {"ipv4": one, "ipv6": one}
    kind = "legacy" if "legacy" in paths[0].stem else "nft"
    return {
        "ipv4": iptables.parse(link.inside(f"iptables-{kind}-save"), "ipv4"),
        "ipv6": iptables.parse(link.inside(f"ip6tables-{kind}-save"), "ipv6"),
    }


def judged(ruleset: Ruleset, packet: Packet) -> Reach:
    """Return what the engine says of a packet."""
    return reach(ruleset, probe(packet), asked(packet))


def agree(name: str, count: int, seed: int) -> Agreement:
    """Send packets through one rule set and compare each with the engine."""
    paths = sorted(RULESETS.glob(f"{name}.*"))
    found = Agreement(name, seed)
    dice = random.Random(seed)  # noqa: S311  # replayed by its seed
    hit: set[int] = set()
    with wire() as link:
        rulesets = load(link, paths)
        link.watch()
        sent = packets(rulesets, count, dice)
        link.send([frame(packet, n) for n, packet in enumerate(sent)])
        seen = link.witnessed()
    for number, packet in enumerate(sent):
        if number not in seen.came and not _edge(rulesets[packet.family]):
            found.lost += 1
            continue
        told = judged(rulesets[packet.family], packet)
        hit.update(id(step.rule) for step in told.trail)
        # What counts packets holds for the first one only.
        if any(not text.startswith("no route back") for text in told.assumed):
            continue
        found.packets += 1
        passed = number in seen.let
        if told.verdict == "unknown":
            found.unknown.append(f"{packet}: {told.doubts[0].text}")
        elif (told.verdict == "accept") != passed:
            found.apart.append(f"{packet}: {told.verdict}, the kernel let it {passed}")
        found.accepted += passed
    for family, ruleset in rulesets.items():
        found.unhit += [
            f"{family}: {rule.text[:80]}"
            for rule in _rules(ruleset, family)
            if id(rule) not in hit
        ]
    return found


def _edge(ruleset: Ruleset) -> bool:
    """Say whether packets may be stopped before the witness sees them come."""
    return any(chain.hook == "ingress" for chain in ruleset.chains.values())


def names() -> list[str]:
    """Return the names of all rule sets of the proof."""
    return sorted({path.stem for path in RULESETS.iterdir()})


def main(argv: Sequence[str]) -> int:
    """Prove all rule sets, or those named; COUNT packets each, printed with seeds."""
    count, chosen = int(argv[0]), list(argv[1:]) or names()
    results = []
    for number, name in enumerate(chosen):
        results.append(agree(name, count, 1000 + number))
        print(results[-1].text, flush=True)
        doubts = sorted({u.rpartition("'): ")[2] for u in results[-1].unknown})
        for line in (*results[-1].apart[:5], *results[-1].unhit[:3], *doubts[:4]):
            print("   ", line)
    total = {
        "packets": sum(r.packets for r in results),
        "apart": sum(len(r.apart) for r in results),
        "unknown": sum(len(r.unknown) for r in results),
        "accepted": sum(r.accepted for r in results),
        "lost": sum(r.lost for r in results),
    }
    print(json.dumps(total))
    return 1 if total["apart"] or total["lost"] else 0


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1:]))
