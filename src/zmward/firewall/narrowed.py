"""A rule set as packets of one protocol and port meet it: all other rules left out.

Ports that no rule tells apart meet the same rules, however many ports there are.
"""

from msgspec.structs import replace

from zmward.firewall.cells import cells
from zmward.firewall.exposed import Exposure
from zmward.firewall.folded import folded
from zmward.firewall.ranges import Family, Ranges
from zmward.firewall.reach import Memory
from zmward.firewall.rules import Is, Rule, Ruleset
from zmward.firewall.verdict import marking


def _never(rule: Rule, protocol: int, port: int) -> bool:
    """Say whether a rule takes no packet of a protocol and port."""
    for match in rule.matches:
        if isinstance(match, Is):
            if match.field == "protocol":
                asked = protocol
            elif match.field == "destination-port":
                asked = port
            else:
                continue
            if (asked in match.values) == match.inverted:
                return True
    return False


class Narrow:
    """The rules that are left for one kind of packets, and what was asked of them."""

    def __init__(self, ruleset: Ruleset) -> None:
        """Begin with the rules that are left."""
        self.ruleset = ruleset
        self.exposure = Exposure(ruleset)
        self.marked = marking(ruleset)
        self.memory = Memory()


def _alike(found: tuple[Ranges, ...], number: int) -> frozenset[int]:
    """Return in which sets a number is: others that are in the same are like it."""
    return frozenset(place for place, some in enumerate(found) if number in some)


class Narrowed:
    """Gives the rules for a protocol and port, once for all ports that are alike."""

    def __init__(self, ruleset: Ruleset, family: Family) -> None:
        """Begin with the rules of one family."""
        own = {p: c for p, c in ruleset.chains.items() if family in c.families}
        self.ruleset = Ruleset(own)
        self.ports = tuple(set(cells(self.ruleset, "destination-port")))
        self.protocols = tuple(set(cells(self.ruleset, "protocol")))
        self._kept: dict[tuple[frozenset[int], frozenset[int]], Narrow] = {}

    def of(self, protocol: int, port: int) -> Narrow:
        """Return the rules that packets of a protocol to a port meet."""
        key = _alike(self.protocols, protocol), _alike(self.ports, port)
        if key not in self._kept:
            self._kept[key] = Narrow(folded(self._left(protocol, port)))
        return self._kept[key]

    def _left(self, protocol: int, port: int) -> Ruleset:
        return Ruleset(
            {
                place: replace(
                    chain,
                    rules=tuple(
                        r for r in chain.rules if not _never(r, protocol, port)
                    ),
                )
                for place, chain in self.ruleset.chains.items()
            }
        )
