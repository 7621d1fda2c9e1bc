"""Which packets a rule set is asked about: aimed ones first, the rest by chance."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from lab.aimed import (
    OWN,
    Shot,
    Target,
    answered,
    blind,
    boundaries,
    from_sources,
    hits,
    related,
    usable,
)
from lab.chance import Chance
from lab.unhit import Search, search
from lab.ways import Aim, Way
from zmward.firewall.packet import TCP, UDP, Packet, asked, probe
from zmward.firewall.ranges import Family
from zmward.firewall.reach import Reach, Step, reach
from zmward.firewall.rules import Assumed, Match, Ruleset, Uncertain
from zmward.firewall.verdict import marking

# It only notes the source, and holds for every one.
_NOTED = "--set"
_ROUTE = "no route back"
# So many packets of sources far apart are first ones to any limit of the proof: to
# one that lets pass what is below it, and to one that takes what is above it.
_FEW, _SOME = 3, 30
_APART: dict[Family, int] = {"ipv4": 0, "ipv6": 64}


def judged(ruleset: Ruleset, packet: Packet) -> Reach:
    """Return what the engine says of a packet."""
    return reach(ruleset, probe(packet, marked=marking(ruleset)), asked(packet))


def _counts(match: Match) -> bool:
    return isinstance(match, Assumed) and not match.text.startswith(_ROUTE)


def doubting(ruleset: Ruleset) -> Ruleset:
    """Return the same rules, but nobody knows whether what counts packets holds."""
    return Ruleset(
        {
            place: replace(
                chain,
                rules=tuple(
                    replace(
                        rule,
                        matches=tuple(
                            Uncertain("counts") if _counts(match) else match
                            for match in rule.matches
                        ),
                    )
                    for rule in chain.rules
                ),
            )
            for place, chain in ruleset.chains.items()
        }
    )


def by_limits(targets: Sequence[Target], shots: Sequence[Shot]) -> list[Shot]:
    """Return the shots, those first whose verdict depends on a limit.

    Others that come by a limit are counted by it as well, and would use it up.
    """
    rules = {target.family: target.ruleset for target in targets}
    doubted = {family: doubting(ruleset) for family, ruleset in rules.items()}

    def later(shot: Shot) -> bool:
        family = shot.packet.family
        told = judged(rules[family], shot.packet)
        sure = not told.assumed
        return sure or judged(doubted[family], shot.packet).verdict != "unknown"

    return sorted(shots, key=later)


def _limits(ruleset: Ruleset) -> dict[str, int]:
    """Return of how many packets each limit is asked at most."""
    return {
        match.text: _FEW if match.holds and match.text != _NOTED else _SOME
        for chain in ruleset.chains.values()
        for rule in chain.rules
        for match in rule.matches
        if isinstance(match, Assumed)
    }


class Honest:
    """Says whether a packet may be compared: as the first of its connection and source.

    The engine speaks of first packets; a limit that has counted others before does
    something else.
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        """Begin before the first packet."""
        self._rules = {t.family: t.ruleset for t in targets}
        self._doubting = {t.family: doubting(t.ruleset) for t in targets}
        self._limits = {t.family: _limits(t.ruleset) for t in targets}
        self._used: set[tuple[object, ...]] = set()
        self._blocks: dict[tuple[Family, str], set[int]] = {}

    def __call__(self, packet: Packet) -> bool:
        """Say so, and note the packet as one that is sent."""
        if not usable(packet.source, packet.family):
            return False
        key: tuple[object, ...] = (packet.family, packet.source, packet.protocol)
        if packet.protocol in (TCP, UDP):
            key = (*key, packet.source_port, packet.destination_port)
        # An echo has a number of its own.
        alone = packet.protocol != OWN[packet.family]
        if (alone and key in self._used) or not self._first(packet):
            return False
        self._used.add(key)
        return True

    def _first(self, packet: Packet) -> bool:
        """Say whether limits take it as a first one, or change nothing for it."""
        told = judged(self._rules[packet.family], packet)
        assumed = told.assumed
        # Routing refuses what is sent on to a network from which it cannot come.
        sent = any(step.rule.verdict == "send" for step in told.trail)
        if sent and packet.entry != "eth0":
            return False
        if any(a.startswith(_ROUTE) for a in assumed) and packet.entry != "eth0":
            return False
        counted = [text for text in assumed if not text.startswith(_ROUTE)]
        if not counted:
            return True
        if judged(self._doubting[packet.family], packet).verdict != "unknown":
            return True
        block = packet.source >> _APART[packet.family]
        limits = self._limits[packet.family]
        taken = [
            (self._blocks.setdefault((packet.family, text), set()), limits[text])
            for text in counted
        ]
        if any(block in own or len(own) >= most for own, most in taken):
            return False
        for own, _ in taken:
            own.add(block)
        return True


def searched_for(
    target: Target, aim: Aim, found: Search, dice: random.Random
) -> Iterator[tuple[Shot, Step, Way]]:
    """Yield the packets that a search has found."""
    packet, step = found.packet, found.step
    if packet is None or step is None:
        return
    shot = Shot(packet)
    if packet.state == "related":
        shot = related(packet, dice)
    elif packet.state:
        shot = answered(packet)
    for one in from_sources(shot, step, target.family, dice):
        yield one, step, aim.ways[0]


@dataclass
class Choice:
    """The packets that are sent, and what was searched for in vain."""

    shots: list[Shot]
    searched: dict[tuple[Family, int], Search]


def _aimed(
    targets: Sequence[Target], dice: random.Random, honest: Honest
) -> tuple[Choice, list[Shot]]:
    """Return packets that hit each rule, and those beside its boundaries."""
    found = Choice([], {})
    beside: list[Shot] = []
    for target in targets:
        for aim in target.aims:
            beside += blind(target, aim, dice)
            taken = [hit for hit in hits(target, aim, dice) if honest(hit[0].packet)]
            if not taken:
                searched = search(target, aim)
                found.searched[target.family, id(aim.rule)] = searched
                taken = [
                    hit
                    for hit in searched_for(target, aim, searched, dice)
                    if honest(hit[0].packet)
                ]
            found.shots += [shot for shot, _, _ in taken]
            for shot, step, way in taken[:1]:
                beside += boundaries(target, shot, step, way, dice)
    return found, beside


def _elsewhere(shot: Shot, dice: random.Random) -> Shot:
    """Return the same from another port; one like it was taken before."""
    return Shot(replace(shot.packet, source_port=dice.randint(1024, 65535)))


def chosen(targets: Sequence[Target], count: int, dice: random.Random) -> Choice:
    """Return at least so many packets; each rule that can be hit is hit by some."""
    honest = Honest(targets)
    choice, beside = _aimed(targets, dice, honest)
    found = choice.shots
    beside = dice.sample(beside, min(len(beside), 2 * count))
    for shot in beside:
        if honest(shot.packet):
            found.append(shot)
        elif shot.begun is None:
            other = _elsewhere(shot, dice)
            found += [other] if honest(other.packet) else []
    wanted = max(count, len(found) + count // 3)
    chances = [Chance(target, dice) for target in targets]
    for _ in range(20 * wanted):
        if len(found) >= wanted:
            break
        shot = dice.choice(chances).shot()
        found += [shot] if honest(shot.packet) else []
    dice.shuffle(found)
    return choice
