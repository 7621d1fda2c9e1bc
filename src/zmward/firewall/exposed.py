"""From where each port of a host is reached: whole spaces of sources, not samples."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from zmward.firewall.packet import Packet, probe
from zmward.firewall.ranges import NOTHING, Family, Ranges, everything
from zmward.firewall.reach import Memory, reach
from zmward.firewall.rules import Is, OneOf, Ruleset
from zmward.firewall.verdict import marking

_HIGHEST: Final = 65535
# What an ordinary client uses; whoever means harm chooses any other.
_USUAL: Final = 49152
_MOST: Final = 64


class Exposed(msgspec.Struct, frozen=True):
    """The sources that reach a port, and those of which nobody can tell."""

    accepted: Ranges
    unknown: Ranges
    doubts: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def _edges(ruleset: Ruleset) -> Iterator[int]:
    """Yield the source ports at which some rule begins or ends."""
    for chain in ruleset.chains.values():
        for rule in chain.rules:
            for match in rule.matches:
                if isinstance(match, Is) and match.field == "source-port":
                    cells: Iterable[Ranges | str] = (match.values,)
                elif isinstance(match, OneOf) and "source-port" in match.fields:
                    place = match.fields.index("source-port")
                    cells = (row[place] for row in match.rows)
                else:
                    continue
                for cell in cells:
                    if isinstance(cell, Ranges):
                        for first, last in cell.pairs:
                            yield from (first, last + 1)


def source_ports(ruleset: Ruleset) -> tuple[int, ...]:
    """Return one source port of each kind that the rules tell apart."""
    edges = sorted({1, _USUAL, *(n for n in _edges(ruleset) if 0 < n <= _HIGHEST)})
    return tuple(edges)


class Exposure:
    """Asks one rule set for many ports, and remembers what they share."""

    def __init__(self, ruleset: Ruleset, memory: Memory | None = None) -> None:
        """Begin with a rule set, best a folded one; others may share its memory."""
        self._ruleset = ruleset
        self._ports = source_ports(ruleset)
        self._marked = marking(ruleset)
        self._memory = memory or Memory()
        self._all: dict[Family, Ranges] = {
            family: everything(family) for family in ("ipv4", "ipv6")
        }

    def of(
        self,
        protocol: int,
        port: int,
        family: Family,
        *,
        destination: int = -1,
        entry: str = "",
        among: Ranges | None = None,
    ) -> Exposed:
        """Return who reaches a port with a first packet, from whatever source port."""
        sources = self._all[family] if among is None else among
        accepted, unknown = NOTHING, NOTHING
        doubts: dict[str, None] = {}
        assumed: dict[str, None] = {}
        if len(self._ports) > _MOST:
            why = f"more than {_MOST} kinds of source ports"
            return Exposed(NOTHING, sources, (why,))
        for own in self._ports:
            packet = Packet(
                family,
                0,
                destination,
                protocol,
                own,
                port,
                entry=entry,
            )
            kind = probe(packet, marked=self._marked)
            told = reach(self._ruleset, kind, sources, self._memory)
            accepted, unknown = accepted | told.accepted, unknown | told.unknown
            doubts |= dict.fromkeys(doubt.text for doubt in told.doubts)
            assumed |= dict.fromkeys(told.assumed)
        return Exposed(accepted, unknown - accepted, tuple(doubts), tuple(assumed))
