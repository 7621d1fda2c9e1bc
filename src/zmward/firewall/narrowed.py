"""A rule set as packets of one protocol and port meet it: all other rules left out.

Ports that no rule tells apart meet the same rules, however many ports there are.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Final

from msgspec.structs import replace

from zmward.firewall.cells import cells
from zmward.firewall.exposed import Exposure
from zmward.firewall.folded import folded
from zmward.firewall.ranges import Family, Ranges
from zmward.firewall.reach import Memory
from zmward.firewall.rules import Chain, Is, Rule, Ruleset
from zmward.firewall.verdict import marking

# So many rules are worth folding once more: fewer are left for one port.
_MANY: Final = 256


def _never(rule: Rule, protocol: int, ports: tuple[int, ...]) -> bool:
    """Say whether a rule takes no packet of a protocol, to whichever of some ports."""
    for match in rule.matches:
        if isinstance(match, Is):
            if match.field == "protocol":
                asked: tuple[int, ...] = (protocol,)
            elif match.field == "destination-port":
                asked = ports
            else:
                continue
            if all((one in match.values) == match.inverted for one in asked):
                return True
    return False


class Narrow:
    """The rules that are left for one kind of packets, and what was asked of them."""

    def __init__(self, ruleset: Ruleset, memory: Memory) -> None:
        """Begin with the rules that are left."""
        self.ruleset = ruleset
        self.exposure = Exposure(ruleset, memory)
        self.marked = marking(ruleset)
        self.memory = memory


class _Places:
    """Says in which of some sets a number is, found once for all numbers."""

    def __init__(self, found: tuple[Ranges, ...]) -> None:
        """Go over all numbers, from edge to edge."""
        starts: dict[int, list[int]] = {0: []}
        ends: dict[int, list[int]] = {}
        for place, some in enumerate(found):
            for first, last in some.pairs:
                starts.setdefault(first, []).append(place)
                ends.setdefault(last + 1, []).append(place)
        inside: set[int] = set()
        self._firsts = sorted(starts.keys() | ends.keys())
        self._alike: list[frozenset[int]] = []
        for edge in self._firsts:
            inside.difference_update(ends.get(edge, ()))
            inside.update(starts.get(edge, ()))
            self._alike.append(frozenset(inside))

    def of(self, number: int) -> frozenset[int]:
        """Return in which sets a number is: others in the same are like it."""
        return self._alike[bisect_right(self._firsts, number) - 1]


class _Sorted:
    """One chain's rules by the ports that they ask for, each with its place."""

    def __init__(self, chain: Chain, ports: Mapping[Ranges, int]) -> None:
        """Sort the rules: those of one plain set of ports, and all others."""
        self._others: list[tuple[int, Rule]] = []
        self._of: dict[int, list[tuple[int, Rule]]] = {}
        for place, rule in enumerate(chain.rules):
            asked = [
                match
                for match in rule.matches
                if isinstance(match, Is) and match.field == "destination-port"
            ]
            if len(asked) == 1 and not asked[0].inverted:
                kept = self._of.setdefault(ports[asked[0].values], [])
            else:
                kept = self._others
            kept.append((place, rule))

    def met(
        self, protocol: int, ports: tuple[int, ...], sets: Iterable[int]
    ) -> tuple[Rule, ...]:
        """Return the rules that packets of a protocol to some ports may meet."""
        found = [*self._others, *(one for n in sets for one in self._of.get(n, ()))]
        found.sort(key=itemgetter(0))
        return tuple(rule for _, rule in found if not _never(rule, protocol, ports))


class Narrowed:
    """Gives the rules for a protocol and port, once for all ports that are alike."""

    def __init__(self, ruleset: Ruleset, family: Family) -> None:
        """Begin with the rules of one family."""
        own = {p: c for p, c in ruleset.chains.items() if family in c.families}
        self.ruleset = Ruleset(own)
        self.ports = tuple(set(cells(self.ruleset, "destination-port")))
        self.protocols = tuple(set(cells(self.ruleset, "protocol")))
        self._memory = Memory()
        self._of_port = _Places(self.ports)
        self._of_protocol = _Places(self.protocols)
        numbers = {some: number for number, some in enumerate(self.ports)}
        self._sorted = {place: _Sorted(c, numbers) for place, c in own.items()}
        # A packet that is sent to another port meets the rules of that port as well.
        self._sent = tuple(
            {
                rule.port
                for chain in own.values()
                for rule in chain.rules
                if rule.verdict == "send" and rule.port is not None
            }
        )
        self._kept: dict[tuple[frozenset[int], frozenset[int]], Narrow] = {}

    def of(self, protocol: int, port: int) -> Narrow:
        """Return the rules that packets of a protocol to a port meet."""
        key = self._of_protocol.of(protocol), self._of_port.of(port)
        if key not in self._kept:
            left = self._left(protocol, port)
            if sum(len(chain.rules) for chain in left.chains.values()) > _MANY:
                left = folded(left)
            self._kept[key] = Narrow(left, self._memory)
        return self._kept[key]

    def _left(self, protocol: int, port: int) -> Ruleset:
        ports = (port, *self._sent)
        sets = frozenset().union(*(self._of_port.of(one) for one in ports))
        return Ruleset(
            {
                place: replace(
                    chain, rules=self._sorted[place].met(protocol, ports, sets)
                )
                for place, chain in self.ruleset.chains.items()
            }
        )
