"""A loaded rule set as values, whatever tool it came from.

A match says of which source addresses it holds, all else of the packet being known:
surely, and possibly. What is not understood holds possibly, everywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from zmward.firewall.ranges import (
    NOTHING,
    Family,
    Pair,
    Ranges,
    everything,
    ranges,
)

Hook = Literal["ingress", "prerouting", "input", "forward", "output", "postrouting"]
HOOKS: Final[tuple[Hook, ...]] = ("ingress", "prerouting", "input")
Field = Literal[
    "source",
    "destination",
    "protocol",
    "source-port",
    "destination-port",
    "state",
    "status",
    "icmp",
    "mark",
    "version",
    "destination-type",
    "source-type",
    "packet-type",
    "fragment",
    "extension",
    "hop-limit",
]
FLAGS: Final[Mapping[str, int]] = {
    "FIN": 1,
    "SYN": 2,
    "RST": 4,
    "PSH": 8,
    "ACK": 16,
    "URG": 32,
    "ECE": 64,
    "CWR": 128,
}
STATES: Final[Mapping[str, int]] = {
    "invalid": 1,
    "established": 2,
    "related": 4,
    "new": 8,
    "untracked": 64,
}
PROTOCOLS: Final[Mapping[str, int]] = {
    "icmp": 1,
    "igmp": 2,
    "ipencap": 4,
    "tcp": 6,
    "udp": 17,
    "dccp": 33,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ospf": 89,
    "vrrp": 112,
    "sctp": 132,
    "udplite": 136,
}
# Numbers of the routing table's types, as fib and addrtype name them.
TYPES: Final[Mapping[str, int]] = {
    "unspec": 0,
    "unicast": 1,
    "local": 2,
    "broadcast": 3,
    "anycast": 4,
    "multicast": 5,
    "blackhole": 6,
    "unreachable": 7,
    "prohibit": 8,
}


class Take(msgspec.Struct, frozen=True):
    """The sources of which a match surely and possibly holds; None means all."""

    sure: Ranges | None
    possible: Ranges | None


YES: Final = Take(None, None)
NO: Final = Take(NOTHING, NOTHING)
MAYBE: Final = Take(NOTHING, None)


class Probe(msgspec.Struct, frozen=True):
    """One kind of packet: everything is known of it but where it comes from.

    A field that the packet does not have is absent; None is one that is not known.
    `states` are those that it may have, where that depends on the kernel.
    """

    family: Family
    fields: Mapping[Field, int | None]
    flags: int = 0
    entry: str = ""
    states: Ranges = NOTHING

    def at(self, field: Field) -> int | None:
        """Return a field's number, None where nobody knows it."""
        return self.fields[field]


class Is(msgspec.Struct, frozen=True, gc=False):
    """A field of the packet is one of some numbers, or none of them."""

    field: Field
    values: Ranges
    inverted: bool = False

    def take(self, probe: Probe) -> Take:
        """Say of which sources it holds; a packet without the field never matches."""
        if self.field == "source":
            if not self.inverted:
                return Take(self.values, self.values)
            return _others(self.values, probe.family)
        if self.field not in probe.fields:
            return NO
        found = probe.at(self.field)
        if found is None:
            return self._perhaps(probe)
        return YES if (found in self.values) != self.inverted else NO

    def _perhaps(self, probe: Probe) -> Take:
        """Say whether it holds of a number that is not known, or is one of some."""
        if self.field != "state" or not probe.states:
            return MAYBE
        if probe.states <= self.values:
            return NO if self.inverted else YES
        if not probe.states & self.values:
            return YES if self.inverted else NO
        return MAYBE


class Flagged(msgspec.Struct, frozen=True):
    """Some flags of a TCP packet are as one of the wanted; the others do not count.

    With `any_of` one of the wanted flags is enough.
    """

    mask: int
    wanted: tuple[int, ...]
    inverted: bool = False
    any_of: bool = False

    def take(self, probe: Probe) -> Take:
        """Say whether it holds, wherever the packet comes from."""
        if probe.fields.get("protocol") != PROTOCOLS["tcp"]:
            return NO
        found = probe.flags & self.mask
        holds = found in self.wanted
        if self.any_of:
            holds = any(found & flags for flags in self.wanted)
        return YES if holds != self.inverted else NO


class Enters(msgspec.Struct, frozen=True):
    """The packet comes in by one of some interfaces; a star ends a pattern."""

    names: tuple[str, ...]
    inverted: bool = False

    def take(self, probe: Probe) -> Take:
        """Say whether it holds; a nameless interface is any one but the loopback."""
        if not probe.entry:
            if "*" in self.names:
                return NO if self.inverted else YES
            if set(self.names) <= {"lo"}:
                return YES if self.inverted else NO
            return MAYBE
        holds = any(
            probe.entry.startswith(name[:-1])
            if name.endswith("*")
            else probe.entry == name
            for name in self.names
        )
        return YES if holds != self.inverted else NO


# What a row of a set is compared with, and a cell of it: numbers, the name of an
# interface or a text for what nobody knows, or None for whatever is there.
Column = Field | Literal["entry"]
Cell = Ranges | str | None


class OneOf(msgspec.Struct, frozen=True):
    """Several fields together are one row of a set."""

    fields: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    inverted: bool = False

    def take(self, probe: Probe) -> Take:
        """Say of which sources it holds: those of the rows whose other fields fit."""
        sure: list[Pair] = []
        possible: list[Pair] = []
        for row in self.rows:
            cells = zip(self.fields, row, strict=True)
            asked = [_cell(field, cell) for field, cell in cells if cell is not None]
            took = both(asked, probe)
            sure += _pairs(took.sure, probe.family)
            possible += _pairs(took.possible, probe.family)
        held, may = ranges(sure), ranges(possible)
        if not self.inverted:
            return Take(held, may) if may else NO
        return Take(_rest(may, probe.family), _rest(held, probe.family))


class AnyOf(msgspec.Struct, frozen=True):
    """One of several matches holds, or none of them."""

    matches: tuple["Match", ...]
    inverted: bool = False

    def take(self, probe: Probe) -> Take:
        """Say of which sources one of them holds."""
        took = [match.take(probe) for match in self.matches]
        held = ranges(p for one in took for p in _pairs(one.sure, probe.family))
        may = ranges(p for one in took for p in _pairs(one.possible, probe.family))
        if not self.inverted:
            return Take(held, may) if may else NO
        return Take(_rest(may, probe.family), _rest(held, probe.family))


class Assumed(msgspec.Struct, frozen=True):
    """A match that counts packets: it is taken as for the first one ever sent."""

    text: str
    holds: bool = True

    def take(self, probe: Probe) -> Take:
        """Say whether it holds of a first packet."""
        del probe
        return YES if self.holds else NO


class Uncertain(msgspec.Struct, frozen=True):
    """A match that is not understood, or that depends on what is not known."""

    text: str

    def take(self, probe: Probe) -> Take:
        """Say that it may hold or not."""
        del probe
        return MAYBE


Match = Is | Flagged | Enters | OneOf | AnyOf | Assumed | Uncertain

# `next` goes on to the next rule, `untrack` as well, but no connection is looked up;
# `send` changes the port; `ask` leaves the verdict to what is not understood.
Verdict = Literal[
    "accept",
    "drop",
    "reject",
    "jump",
    "goto",
    "return",
    "next",
    "untrack",
    "send",
    "ask",
]


class Rule(msgspec.Struct, frozen=True, gc=False):
    """One rule: all its matches must hold; `line` counts from 1 in its text."""

    matches: tuple[Match, ...]
    verdict: Verdict
    target: str = ""
    text: str = ""
    line: int = 0
    port: int | None = None
    marks: bool = False


class Chain(msgspec.Struct, frozen=True):
    """Rules in order; one with a hook begins, and its policy ends what is left."""

    table: str
    name: str
    rules: tuple[Rule, ...] = ()
    hook: Hook | None = None
    priority: int = 0
    policy: Literal["accept", "drop"] = "accept"
    kind: str = "filter"
    families: tuple[Family, ...] = ("ipv4", "ipv6")
    devices: tuple[str, ...] = ()
    line: int = 0


class Ruleset(msgspec.Struct, frozen=True):
    """All chains of all tables, each by its table and name."""

    chains: Mapping[tuple[str, str], Chain]

    def base(self, family: Family) -> tuple[Chain, ...]:
        """Return the chains that a packet for this host meets, in their order."""
        met = (
            chain
            for chain in self.chains.values()
            if chain.hook in HOOKS and family in chain.families
        )
        return tuple(
            sorted(met, key=lambda c: (HOOKS.index(c.hook or "input"), c.priority))
        )


def _cell(field: Column, cell: Ranges | str) -> Match:
    """Return the match of one cell of a row."""
    if field == "entry":
        return Enters((str(cell),))
    return Uncertain(cell) if isinstance(cell, str) else Is(field, cell)


def both(matches: Sequence[Match], probe: Probe) -> Take:
    """Return of which sources all matches hold."""
    sure: Ranges | None = None
    possible: Ranges | None = None
    for match in matches:
        took = match.take(probe)
        if took is YES:
            continue
        sure, possible = _common(sure, took.sure), _common(possible, took.possible)
        if possible is not None and not possible:
            return NO
    return Take(sure, possible)


def _common(one: Ranges | None, two: Ranges | None) -> Ranges | None:
    if one is None or two is None:
        return two if one is None else one
    return one & two


def _pairs(found: Ranges | None, family: Family) -> tuple[Pair, ...]:
    return (everything(family) if found is None else found).pairs


def _rest(taken: Ranges | None, family: Family) -> Ranges | None:
    return NOTHING if taken is None else everything(family) - taken


def _others(values: Ranges, family: Family) -> Take:
    found = _rest(values, family)
    return Take(found, found)
