"""Who can get where: what a rule set does with packets, for all sources at once.

The sources that may still be on their way are carried through the chains as one set.
A match that holds possibly sends them both ways; where the two ways end differently
the verdict is unknown, and the match is named. Nothing is guessed.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from zmward.firewall.carried import Carried
from zmward.firewall.ranges import NOTHING, Ranges, ranges
from zmward.firewall.rules import (
    NO,
    STATES,
    Assumed,
    Chain,
    Field,
    Probe,
    Rule,
    Ruleset,
    Take,
    Uncertain,
    both,
)

End = Literal["accept", "drop", "reject", "unknown"]
_DEEPEST: Final = 64
# Connection tracking sees a packet between these two priorities of prerouting.
_TRACKED: Final = -200
# From so many ranges on it is worth remembering what they took.
_MANY: Final = 256


class Step(msgspec.Struct, frozen=True):
    """One rule that took some sources, or possibly took them."""

    table: str
    chain: str
    rule: Rule
    sources: Ranges
    sure: bool = True


class Doubt(msgspec.Struct, frozen=True):
    """Sources of which a match may hold or not, and the match."""

    sources: Ranges
    text: str


class Reach(msgspec.Struct, frozen=True):
    """What becomes of the asked sources.

    `ends` are the rules that ended some, `trail` all that took some on the way;
    `doubts` say why sources are unknown, `assumed` what counts only the first packet.
    """

    accepted: Ranges
    unknown: Ranges
    ends: tuple[tuple[End, Step], ...] = ()
    trail: tuple[Step, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    assumed: tuple[str, ...] = ()

    @property
    def dropped(self) -> Ranges:
        """Return the sources that are stopped without a word."""
        return _ended(self.ends, "drop") - self.unknown

    @property
    def rejected(self) -> Ranges:
        """Return the sources that are stopped with an answer."""
        return _ended(self.ends, "reject") - self.unknown - _ended(self.ends, "drop")

    @property
    def verdict(self) -> End:
        """Return the one verdict of all asked sources; unknown where they differ."""
        held: Mapping[End, Ranges] = {
            "accept": self.accepted,
            "drop": self.dropped,
            "reject": self.rejected,
        }
        found = [end for end, sources in held.items() if sources]
        return found[0] if len(found) == 1 and not self.unknown else "unknown"


def _ended(ends: Iterable[tuple[End, Step]], wanted: End) -> Ranges:
    return _joined(step.sources for end, step in ends if end == wanted)


class Memory:
    """What long lists of sources did to a set, for further packets of other kinds."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._cuts: dict[tuple[int, int], tuple[Rule, Ranges, Ranges, Ranges]] = {}

    def cut(self, rule: Rule, carried: Carried, wanted: Ranges) -> Ranges:
        """Return what a rule takes of the carried, which keeps its rest."""
        before = carried.all()
        key = (id(rule), id(before))
        if key not in self._cuts:
            taken = before & wanted
            # Rule and set are kept, so that their ids stay theirs.
            self._cuts[key] = (rule, before, taken, before - taken)
        _, _, taken, left = self._cuts[key]
        carried.become(left)
        return taken


class _Walk:
    """One way through all chains; it only collects."""

    def __init__(self, ruleset: Ruleset, memory: Memory | None) -> None:
        self.ruleset = ruleset
        self.memory = memory
        self.ends: list[tuple[End, Step]] = []
        self.trail: list[Step] = []
        self.doubts: list[Doubt] = []
        self.assumed: dict[str, None] = {}
        self.passed: list[Ranges] = []
        self.sent: list[tuple[Ranges, int | None]] = []
        self.untracked: list[Ranges] = []

    def end(self, end: End, step: Step) -> None:
        """Note that sources end here; accepted ones go on to the next base chain."""
        self.ends.append((end, step))
        if end == "accept":
            self.passed.append(step.sources)

    def _doubt(self, rule: Rule, unsure: Ranges) -> None:
        for match in rule.matches:
            if isinstance(match, Uncertain):
                self.doubts.append(Doubt(unsure, match.text))
                return
        self.doubts.append(Doubt(unsure, rule.text))

    def _assume(self, rule: Rule, carried: Carried, probe: Probe) -> None:
        """Note what counts packets, where all else of the rule may hold."""
        counted = [m for m in rule.matches if isinstance(m, Assumed)]
        if counted:
            others = [m for m in rule.matches if not isinstance(m, Assumed)]
            if carried.shared(both(others, probe).possible):
                self.assumed |= dict.fromkeys(match.text for match in counted)

    def chain(self, chain: Chain, sources: Ranges, probe: Probe, depth: int) -> Ranges:
        """Carry sources through a chain; return those that come out at its end."""
        carried = Carried(sources)
        back: list[Ranges] = []
        for rule in chain.rules:
            if not carried:
                break
            took = both(rule.matches, probe)
            if took is NO:
                self._assume(rule, carried, probe)
                continue
            if self.memory and _long(rule, took):
                self._remembered(chain, rule, carried, took.possible or NOTHING)
                continue
            possible = carried.shared(took.possible)
            if not possible:
                continue
            same = took.sure == took.possible
            sure = possible if same else carried.shared(took.sure)
            if not same and sure != possible:
                self._doubt(rule, possible - sure)
            step = Step(chain.table, chain.name, rule, possible, sure == possible)
            self.trail.append(step)
            self._assume(rule, carried, probe)
            back.extend(self._act(step, carried, sure, probe, depth))
        return _joined((carried.all(), *back))

    def _remembered(
        self, chain: Chain, rule: Rule, carried: Carried, wanted: Ranges
    ) -> None:
        """Let a rule with a long list of sources take its own, once for all kinds."""
        taken = (self.memory or Memory()).cut(rule, carried, wanted)
        if taken and rule.verdict in ("accept", "drop", "reject"):
            step = Step(chain.table, chain.name, rule, taken)
            self.trail.append(step)
            self.end(rule.verdict, step)

    def _act(
        self, step: Step, carried: Carried, sure: Ranges, probe: Probe, depth: int
    ) -> tuple[Ranges, ...]:
        """Do what the rule says; return the sources that leave its chain."""
        rule, taken = step.rule, step.sources
        match rule.verdict:
            case "next":
                return ()
            case "untrack":
                self.untracked.append(taken)
                return ()
            case "accept" | "drop" | "reject":
                self.end(rule.verdict, step)
            case "ask":
                self.end("unknown", step)
                self.doubts.append(Doubt(taken, rule.text))
            case "send":
                self.sent.append((taken, rule.port))
            case "return":
                carried.cut(sure)
                return (taken,)
            case "jump" | "goto":
                carried.cut(sure)
                out = self._enter(step, probe, depth)
                if rule.verdict == "goto":
                    return (out,)
                carried.put_back(out)
                return ()
        carried.cut(sure)
        return ()

    def _enter(self, step: Step, probe: Probe, depth: int) -> Ranges:
        target = self.ruleset.chains.get((step.table, step.rule.target))
        if target is None or depth >= _DEEPEST:
            why = f"{step.rule.text}: there is no chain {step.rule.target!r}"
            if target is not None:
                why = f"{step.rule.text}: more than {_DEEPEST} chains deep"
            self.doubts.append(Doubt(step.sources, why))
            self.end("unknown", step)
            return NOTHING
        return self.chain(target, step.sources, probe, depth + 1)


def _long(rule: Rule, took: Take) -> bool:
    """Say whether a rule ends many sources, and surely."""
    sure = took.sure is took.possible and took.possible is not None
    ends = rule.verdict in ("accept", "drop", "reject")
    return sure and ends and len(took.possible or ()) > _MANY


def _joined(sets: Iterable[Ranges]) -> Ranges:
    found = [one for one in sets if one]
    if len(found) < 2:  # noqa: PLR2004  # nothing to join
        return found[0] if found else NOTHING
    return ranges(pair for one in found for pair in one.pairs)


def _policy(walk: _Walk, chain: Chain, left: Ranges) -> None:
    if left:
        rule = Rule((), chain.policy, text=f"policy {chain.policy}", line=chain.line)
        step = Step(chain.table, chain.name, rule, left)
        walk.trail.append(step)
        walk.end(chain.policy, step)


def _with(probe: Probe, field: Field, number: int | None) -> Probe:
    return replace(probe, fields={**probe.fields, field: number})


def _sent(probe: Probe, port: int | None) -> Probe:
    """Return a redirected packet: for the first address of where it came in."""
    elsewhere = _with(probe, "destination", None)
    return elsewhere if port is None else _with(elsewhere, "destination-port", port)


def _seen(probe: Probe, chain: Chain) -> Probe:
    """Return the packet as a chain sees it: before it is tracked, it has no state."""
    early = chain.hook == "ingress" or (
        chain.hook == "prerouting" and chain.priority < _TRACKED
    )
    return _with(probe, "state", STATES["invalid"]) if early else probe


def _meets(chain: Chain, probe: Probe) -> bool:
    """Say whether a packet goes through a base chain at all."""
    if chain.kind == "nat" and probe.fields.get("state") != STATES["new"]:
        return False
    return not chain.devices or not probe.entry or probe.entry in chain.devices


def reach(
    ruleset: Ruleset, probe: Probe, sources: Ranges, memory: Memory | None = None
) -> Reach:
    """Return what becomes of packets of one kind from all of some sources.

    A memory makes it quick for many kinds, with a folded rule set.
    """
    walk = _Walk(ruleset, memory)
    going: list[tuple[Probe, Ranges]] = [(probe, sources)]
    for chain in ruleset.base(probe.family):
        following: list[tuple[Probe, Ranges]] = []
        for kind, some in going:
            if not _meets(chain, kind):
                following.append((kind, some))
                continue
            walk.passed, walk.sent, walk.untracked = [], [], []
            left = walk.chain(chain, some, _seen(kind, chain), 0)
            _policy(walk, chain, left)
            passed = _joined(walk.passed)
            blind = _joined(walk.untracked) & passed
            if blind:
                untracked = _with(kind, "state", STATES["untracked"])
                following.append((untracked, blind))
            if passed - blind:
                following.append((kind, passed - blind))
            following += ((_sent(kind, port), some) for some, port in walk.sent)
        going = following
    return _told(walk, _joined(some for _, some in going))


def _told(walk: _Walk, through: Ranges) -> Reach:
    """Return what became of all: what ended in two ways is unknown."""
    ends = tuple(walk.ends)
    asked = _ended(ends, "unknown")
    unknown = asked
    if walk.doubts:
        stopped = _joined((_ended(ends, "drop"), _ended(ends, "reject")))
        unknown = _joined((through & stopped, asked))
    return Reach(
        accepted=through - unknown if unknown else through,
        unknown=unknown,
        ends=ends,
        trail=tuple(walk.trail),
        doubts=tuple(d for d in walk.doubts if d.sources & unknown),
        assumed=tuple(walk.assumed),
    )
