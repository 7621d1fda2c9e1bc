"""The ways that lead to a rule, and what a packet must be like to take one."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from zmward.firewall.ranges import PORTS, Ranges, everything
from zmward.firewall.ranges import Family as Family  # noqa: PLC0414  # told on
from zmward.firewall.rules import (
    HOOKS,
    AnyOf,
    Cell,
    Chain,
    Enters,
    Field,
    Flagged,
    Is,
    Match,
    OneOf,
    Rule,
    Ruleset,
)

_MOST = 64
_BYTE = Ranges(((0, 255),))
SPANS: dict[Field, Ranges] = {
    "protocol": _BYTE,
    "source-port": Ranges(((1, 65535),)),
    "destination-port": Ranges(((1, 65535),)),
    "icmp": PORTS,
    "state": _BYTE,
    "destination-type": _BYTE,
    "packet-type": _BYTE,
}
Way = tuple[Match, ...]


@dataclass
class Aim:
    """One rule with the ways to it: all matches that a packet must pass."""

    rule: Rule
    chain: Chain
    ways: list[Way] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    met: list[Rule] = field(default_factory=list)
    more: bool = False

    def before(self, number: int) -> Way:
        """Return all matches that a packet can meet on one way up to the rule."""
        rules = self.met[: self.places[number] + 1]
        return tuple(match for rule in rules for match in rule.matches)


def aims(ruleset: Ruleset, family: Family) -> list[Aim]:
    """Return every rule that packets of a family for this host can come to."""
    found: dict[int, Aim] = {}
    met: list[Rule] = []
    for chain in ruleset.base(family):
        _follow(ruleset, chain, (), found, met)
    return list(found.values())


def _follow(
    ruleset: Ruleset, chain: Chain, before: Way, found: dict[int, Aim], met: list[Rule]
) -> None:
    for rule in chain.rules:
        aim = found.setdefault(id(rule), Aim(rule, chain, met=met))
        way = (*before, *rule.matches)
        if len(aim.ways) >= _MOST:
            aim.more = True
            continue
        aim.ways.append(way)
        aim.places.append(len(met))
        met.append(rule)
        target = ruleset.chains.get((chain.table, rule.target))
        if target is not None and rule.verdict in ("jump", "goto"):
            _follow(ruleset, target, way, found, met)


class Wanted:
    """What one way asks of a packet, field by field."""

    def __init__(self, family: Family, way: Way, dice: random.Random) -> None:
        """Read a way; of a set of several fields one row is taken."""
        self.asked: set[str] = set()
        self.flags = [match for match in way if isinstance(match, Flagged)]
        self.enters = [match for match in way if isinstance(match, Enters)]
        self._spans: dict[Field, Ranges] = {
            **SPANS,
            "source": everything(family),
            "destination": everything(family),
        }
        for match in way:
            if isinstance(match, Is):
                self._ask(match)
            elif isinstance(match, OneOf) and not match.inverted and match.rows:
                self._row(match, dice.choice(match.rows))
            elif isinstance(match, AnyOf) and not match.inverted and match.matches:
                self._inner(dice.choice(match.matches), dice)

    def __getitem__(self, name: Field) -> Ranges:
        """Return what a field may be."""
        return self._spans[name]

    def _inner(self, match: Match, dice: random.Random) -> None:
        if isinstance(match, Is):
            self._ask(match)
        elif isinstance(match, OneOf) and match.rows:
            self._row(match, dice.choice(match.rows))

    def _ask(self, match: Is) -> None:
        if match.field not in self._spans:
            return
        self.asked.add(match.field)
        own = self._spans[match.field]
        kept = own - match.values if match.inverted else own & match.values
        self._spans[match.field] = kept

    def _row(self, match: OneOf, row: Sequence[Cell]) -> None:
        for name, cell in zip(match.fields, row, strict=True):
            if cell is None:
                continue
            if isinstance(cell, str):
                self.enters.append(Enters((cell,)))
            elif name != "entry":
                self._ask(Is(name, cell))


def looked_at(way: Way) -> Iterator[tuple[Field, Ranges]]:
    """Yield the fields that a way looks at with the numbers that it names."""
    for match in way:
        if isinstance(match, Is):
            yield match.field, match.values
        elif isinstance(match, OneOf):
            for row in match.rows:
                for name, cell in zip(match.fields, row, strict=True):
                    if name != "entry" and isinstance(cell, Ranges):
                        yield name, cell
        elif isinstance(match, AnyOf):
            yield from looked_at(match.matches)


def _named(way: Way) -> Iterator[str]:
    """Yield the interfaces that a way asks for."""
    for match in way:
        if isinstance(match, Enters):
            yield from match.names
        elif isinstance(match, OneOf) and "entry" in match.fields:
            cells = (row[match.fields.index("entry")] for row in match.rows)
            yield from (str(cell) for cell in cells if cell is not None)
        elif isinstance(match, AnyOf):
            yield from _named(match.matches)


def interfaces(rulesets: Sequence[Ruleset]) -> tuple[str, ...]:
    """Return an interface for each name that rules for packets to this host ask for."""
    found: dict[str, None] = {"eth0": None, "lo": None}
    for ruleset in rulesets:
        for chain in ruleset.chains.values():
            if chain.hook is not None and chain.hook not in HOOKS:
                continue
            for rule in chain.rules:
                found |= dict.fromkeys(
                    name.replace("*", "0")
                    for name in _named(rule.matches)
                    if name != "*"
                )
    return tuple(found)
