"""A rule set as packets of one protocol and port meet it: all other rules left out.

Ports that no rule tells apart meet the same rules, however many ports there are.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from zmward.firewall.exposed import Exposure
from zmward.firewall.folded import folded
from zmward.firewall.ranges import Family, Ranges
from zmward.firewall.reach import Memory
from zmward.firewall.rules import Field, Is, OneOf, Rule, Ruleset
from zmward.firewall.verdict import marking

# So many rules are worth folding once more: fewer are left for one port.
_MANY: Final = 256


def cells(ruleset: Ruleset, field: Field) -> Iterator[Ranges]:
    """Yield every set of numbers of a field that some rule asks for."""
    for chain in ruleset.chains.values():
        for rule in chain.rules:
            for match in rule.matches:
                if isinstance(match, Is) and match.field == field:
                    yield match.values
                elif isinstance(match, OneOf) and field in match.fields:
                    place = match.fields.index(field)
                    rows = (row[place] for row in match.rows)
                    yield from (cell for cell in rows if isinstance(cell, Ranges))


def edges(found: Iterable[Ranges]) -> Iterator[int]:
    """Yield where sets of numbers begin and end."""
    for some in found:
        for first, last in some.pairs:
            yield from (first, last + 1)


def _never(rule: Rule, protocol: int, ports: Iterable[int]) -> bool:
    """Say whether a rule takes no packet of a protocol to any of some ports."""
    for match in rule.matches:
        if isinstance(match, Is):
            asked: Iterable[int] = ()
            if match.field == "protocol":
                asked = (protocol,)
            elif match.field == "destination-port":
                asked = ports
            else:
                continue
            if all((one in match.values) == match.inverted for one in asked):
                return True
    return False


def _redirected(ruleset: Ruleset) -> frozenset[int]:
    """Return the ports to which rules send packets that came for another one."""
    return frozenset(
        rule.port
        for chain in ruleset.chains.values()
        for rule in chain.rules
        if rule.verdict == "send" and rule.port is not None
    )


class Narrow:
    """The rules that are left for one kind of packets, and what was asked of them."""

    def __init__(self, ruleset: Ruleset, memory: Memory) -> None:
        """Begin with the rules that are left."""
        self.ruleset = ruleset
        self.exposure = Exposure(ruleset, memory)
        self.marked = marking(ruleset)
        self.memory = memory


def _alike(found: tuple[Ranges, ...], number: int) -> frozenset[int]:
    """Return in which sets a number is: others that are in the same are like it."""
    return frozenset(place for place, some in enumerate(found) if number in some)


class Narrowed:
    """Gives the rules for a protocol and port, once for all ports that are alike."""

    def __init__(self, ruleset: Ruleset, family: Family) -> None:
        """Begin with the rules of one family."""
        own = {p: c for p, c in ruleset.chains.items() if family in c.families}
        self._ruleset = Ruleset(own)
        self._sent = _redirected(self._ruleset)
        self._memory = Memory()
        self.ports = tuple(set(cells(self._ruleset, "destination-port")))
        self.protocols = tuple(set(cells(self._ruleset, "protocol")))
        self._kept: dict[tuple[frozenset[int], frozenset[int]], Narrow] = {}

    def of(self, protocol: int, port: int) -> Narrow:
        """Return the rules that packets of a protocol to a port meet."""
        key = _alike(self.protocols, protocol), _alike(self.ports, port)
        if key not in self._kept:
            left = self._left(protocol, port)
            if sum(len(chain.rules) for chain in left.chains.values()) > _MANY:
                left = folded(left)
            self._kept[key] = Narrow(left, self._memory)
        return self._kept[key]

    def _left(self, protocol: int, port: int) -> Ruleset:
        ports = (port, *self._sent)
        return Ruleset(
            {
                place: replace(
                    chain,
                    rules=tuple(
                        r for r in chain.rules if not _never(r, protocol, ports)
                    ),
                )
                for place, chain in self._ruleset.chains.items()
            }
        )
