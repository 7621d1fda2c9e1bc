"""From where each port of a host is reached: whole spaces of sources, not samples."""

from typing import Final

import msgspec

from zmward.firewall.cells import cells, edges
from zmward.firewall.packet import Packet, probe
from zmward.firewall.ranges import NOTHING, Family, Ranges, everything
from zmward.firewall.reach import Memory, Step, reach
from zmward.firewall.rules import FLAGS, Ruleset
from zmward.firewall.verdict import marking

_HIGHEST: Final = 65535
# What an ordinary client uses; whoever means harm chooses any other.
_USUAL: Final = 49152
_MOST: Final = 64


class Exposed(msgspec.Struct, frozen=True):
    """The sources that reach a port, and those of which nobody can tell.

    `by` are the rules that let some in.
    """

    accepted: Ranges
    unknown: Ranges
    doubts: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    by: tuple[Step, ...] = ()


def source_ports(ruleset: Ruleset) -> tuple[int, ...]:
    """Return one source port of each kind that the rules tell apart."""
    asked = {n for n in edges(cells(ruleset, "source-port")) if 0 < n <= _HIGHEST}
    return tuple(sorted({1, _USUAL, *asked})) if asked else (_USUAL,)


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
        flags: int = FLAGS["SYN"],
    ) -> Exposed:
        """Return who reaches a port with a first packet, from whatever source port."""
        sources = self._all[family] if among is None else among
        accepted, unknown = NOTHING, NOTHING
        doubts: dict[str, None] = {}
        assumed: dict[str, None] = {}
        steps: dict[int, Step] = {}
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
                flags,
                entry=entry,
            )
            kind = probe(packet, marked=self._marked)
            told = reach(self._ruleset, kind, sources, self._memory)
            accepted, unknown = accepted | told.accepted, unknown | told.unknown
            doubts |= dict.fromkeys(doubt.text for doubt in told.doubts)
            assumed |= dict.fromkeys(told.assumed)
            steps |= {id(s.rule): s for end, s in told.ends if end == "accept"}
        return Exposed(
            accepted,
            unknown - accepted,
            tuple(doubts),
            tuple(assumed),
            tuple(steps.values()),
        )
