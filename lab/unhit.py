"""Why no packet of a proof hit a rule: told only where the engine can prove it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import msgspec

from lab.aimed import HERE, OWN, REFUSED, Target
from lab.ways import Aim, Way, looked_at
from zmward.firewall.packet import TCP, UDP, Packet, probe
from zmward.firewall.reach import Step
from zmward.firewall.rules import (
    NO,
    Assumed,
    Flagged,
    Is,
    Match,
    Uncertain,
    both,
)

_MOST = 60_000
_FLAGS = 256
_LAST = {
    "protocol": 255,
    "source-port": 65535,
    "destination-port": 65535,
    "icmp": 65535,
}
_OTHER = 61


def _pieces(found: Sequence[Match], name: str) -> set[int]:
    """Return one number of each piece that matches tell apart."""
    ends = (
        n
        for own, values in looked_at(tuple(found))
        if own == name
        for low, high in values.pairs
        for n in (low, high + 1)
    )
    return {n for n in ends if 0 < n <= _LAST[name]}


def _flags(target: Target, found: Sequence[Match]) -> list[int]:
    """Return flags of each kind that matches, or connection tracking, tell apart."""
    matches = [match for match in found if isinstance(match, Flagged)]
    kinds: dict[tuple[object, ...], int] = {}
    for flags in range(_FLAGS):
        packet = Packet(target.family, 1, HERE[target.family], TCP, flags=flags)
        kind = probe(packet)
        held = tuple(match.take(kind) is NO for match in matches)
        kinds.setdefault((kind.fields["state"], held), flags)
    return list(kinds.values())


class Proof:
    """All kinds of packets that some rules tell apart, whatever their source."""

    def __init__(self, target: Target, found: Sequence[Match]) -> None:
        """Cut ports, protocols and types where any match begins or ends."""
        self.target = target
        own = {TCP, UDP, OWN[target.family], _OTHER}
        types = {n * 256 for n in range(256)}
        self._found: dict[str, list[int]] = {
            "destination": target.destinations,
            "destination-port": sorted({1, *_pieces(found, "destination-port")}),
            "source-port": sorted({1, *_pieces(found, "source-port")}),
            "icmp": sorted(types | _pieces(found, "icmp")),
            "protocol": sorted(own | _pieces(found, "protocol")),
        }
        self._flags = _flags(target, found)
        # A rule before may have changed what a later chain sees.
        self._changed = {"state"}
        rules = (r for c in target.ruleset.chains.values() for r in c.rules)
        if any(rule.verdict == "send" for rule in rules):
            self._changed.add("destination-port")

    def _left(self, way: Way, name: str) -> list[int]:
        """Return the numbers of a field that may pass a way."""
        own = [m for m in way if isinstance(m, Is) and m.field == name]
        if name in self._changed:
            own = []
        return [
            n
            for n in self._found[name]
            if all((n in m.values) != m.inverted for m in own)
        ]

    def _of(self, way: Way, protocol: int) -> Iterator[dict[str, object]]:
        """Yield what packets of a protocol may be like."""
        if protocol in (TCP, UDP):
            ports = self._left(way, "destination-port")
            flags = self._flags if protocol == TCP else [0]
            for port, sport, own in product(
                ports, self._left(way, "source-port"), flags
            ):
                for state in ("", "established"):
                    yield {
                        "destination_port": port,
                        "source_port": sport,
                        "flags": own,
                        "state": state,
                    }
            return
        if protocol == OWN[self.target.family]:
            for kind, state in product(
                self._left(way, "icmp"), ("", "established", "related")
            ):
                yield {"icmp": divmod(kind, 256), "state": state}
            return
        yield {}

    def kinds(self, way: Way) -> Iterator[Packet]:
        """Yield every kind that may pass the matches of a way, whatever its source."""
        lasting = [
            m for m in way if not (isinstance(m, Is) and m.field in self._changed)
        ]
        for there, entry, protocol in product(
            self._left(way, "destination"),
            self.target.interfaces,
            self._left(way, "protocol"),
        ):
            for more in self._of(way, protocol):
                packet = msgspec.structs.replace(
                    Packet(self.target.family, 0, there, protocol, entry=entry), **more
                )
                if both(lasting, probe(packet)) is not NO:
                    yield packet


@dataclass(frozen=True)
class Search:
    """What became of the search for a packet that hits a rule."""

    asked: int
    packet: Packet | None = None
    step: Step | None = None
    ended: bool = True
    unsure: str = ""


def search(target: Target, aim: Aim) -> Search:
    """Look for a packet that surely hits a rule, through all kinds of them."""
    asked = 0
    unsure = ""
    for number, way in enumerate(aim.ways):
        if _word(way):
            continue
        proof = Proof(target, aim.before(number))
        for packet in proof.kinds(way):
            asked += 1
            if asked > _MOST:
                return Search(asked, ended=False)
            told = proof.target.told(packet)
            for step in told.trail:
                if step.rule is aim.rule and step.sure:
                    if step.sources - REFUSED[proof.target.family]:
                        return Search(asked, packet, step)
                elif step.rule is aim.rule:
                    unsure = f"not understood: {step.rule.text[:80]}"
    return Search(asked, unsure=unsure)


def _word(matches: Sequence[Match]) -> str:
    """Return which match of a way no first packet passes, or nobody understands."""
    for match in matches:
        if isinstance(match, Assumed) and not match.holds:
            return f"asks for more than a first packet: {match.text}"
        if isinstance(match, Uncertain):
            return f"not understood: {match.text}"
    return ""


def reason(aim: Aim, found: Search) -> str:
    """Return why a rule cannot be hit; empty where that is not proven."""
    words = [_word(way) for way in aim.ways]
    if aim.more:
        return ""
    if all(words):
        return words[0]
    if found.packet is not None or not found.ended:
        return ""
    if found.unsure:
        return found.unsure
    return f"no packet comes to it: {found.asked} kinds asked, for all sources"
