"""The proof that the reach engine says of packets what the kernel does with them."""

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lab.aimed import GROUPS, Shot, Target, targets
from lab.cases import Case, Read, Rules, cases
from lab.chosen import Choice, by_limits, chosen, judged
from lab.frames import frame
from lab.unhit import reason
from lab.ways import interfaces
from lab.wire import Wire, Witnessed, wire
from lab.written import beside_members
from zmward.firewall.folded import folded
from zmward.firewall.narrowed import Narrowed
from zmward.firewall.packet import asked, probe
from zmward.firewall.ranges import address
from zmward.firewall.reach import reach
from zmward.firewall.rules import Rule, Ruleset

SEED = 4711
_COUNTED = re.compile(r'^\[(\d+):|"counter":\{"packets":(\d+)')


@dataclass
class Agreement:
    """What one rule set showed: `unhit` tells why, `unproven` has no reason."""

    name: str
    seed: int
    packets: int = 0
    accepted: int = 0
    rules: int = 0
    unknown: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    lost: int = 0
    unhit: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the line for people."""
        share = 100 * self.accepted / max(1, self.packets)
        return (
            f"{self.name:<28} seed {self.seed}: {self.packets} packets, "
            f"{len(self.apart)} apart, {len(self.unknown)} unknown, {self.lost} lost, "
            f"{share:.0f} % accepted, {self.rules} rules, "
            f"{len(self.unhit)} never hit, {len(self.unproven)} missed"
        )


def _join(link: Wire, aimed: Sequence[Target]) -> None:
    """Let the host listen to the groups to which packets are sent."""
    for target in aimed:
        first, last = GROUPS[target.family]
        width = 32 if target.family == "ipv4" else 128
        for there in target.destinations:
            if first <= there <= last:
                link.join(f"{address(there, target.family)}/{width}")


def _edge(ruleset: Ruleset) -> bool:
    """Say whether packets may be stopped before the witness sees them come."""
    return any(chain.hook == "ingress" for chain in ruleset.chains.values())


class _Comparison:
    """What was sent through one rule set, compared packet by packet."""

    def __init__(self, found: Agreement, read: Read) -> None:
        self.found = found
        self.read = read
        self.hit: dict[int, Rule] = {}
        self.narrowed = {
            family: Narrowed(folded(ruleset), family)
            for family, ruleset in read.rules.items()
        }

    def packet(self, shot: Shot, number: int, seen: Witnessed) -> None:
        """Compare one packet."""
        packet, found = shot.packet, self.found
        ruleset = self.read.rules[packet.family]
        if number not in seen.came and not _edge(ruleset):
            found.lost += 1
            return
        told = judged(ruleset, packet)
        self.hit |= {id(step.rule): step.rule for step in told.trail if step.sure}
        passed = number in seen.let
        found.packets += 1
        found.accepted += passed
        kept = self.narrowed[packet.family].of(packet.protocol, packet.destination_port)
        kind = probe(packet, marked=kept.marked)
        few = reach(kept.ruleset, kind, asked(packet), kept.memory)
        readings = {"": told, " (narrowed)": few}
        for name, rules in self.read.others.items():
            readings[f" ({name})"] = judged(rules[packet.family], packet)
        for name, said in readings.items():
            if said.verdict == "unknown":
                why = said.doubts[0].text if said.doubts else "ends in two ways"
                found.unknown.append(f"{packet}{name}: {why}")
            elif (said.verdict == "accept") != passed:
                there = f"the kernel let it pass: {passed}"
                found.apart.append(f"{packet}{name}: {said.verdict}, {there}")

    def counters(self, after: Rules) -> None:
        """Compare the rules that the engine says were hit with what was counted."""
        for family, ruleset in self.read.rules.items():
            told = _by_place(ruleset)
            counted = dict(_by_place(after[family]))
            for place, rule in told:
                counter = _counter(counted[place])
                if id(rule) in self.hit and counter == 0:
                    self.found.apart.append(
                        f"{family}: the kernel counted none at {rule.text[:120]}"
                    )

    def never(self, aimed: Sequence[Target], choice: Choice) -> None:
        """Tell which rules no packet has hit, and why none can."""
        tried: dict[int, list[str]] = {}
        texts: dict[int, str] = {}
        for target in aimed:
            for aim in target.aims:
                if id(aim.rule) not in self.hit:
                    searched = choice.searched.get((target.family, id(aim.rule)))
                    why = reason(aim, searched) if searched else ""
                    tried.setdefault(id(aim.rule), []).append(why)
                    texts[id(aim.rule)] = f"{target.family}: {aim.rule.text[:160]}"
                self.found.rules += 1
        for rule, reasons in tried.items():
            if all(reasons):
                self.found.unhit.append(f"{texts[rule]}: {'; '.join(set(reasons))}")
            else:
                self.found.unproven.append(texts[rule])


def _by_place(ruleset: Ruleset) -> Iterator[tuple[tuple[str, str, int], Rule]]:
    for chain in ruleset.chains.values():
        for number, rule in enumerate(chain.rules):
            yield (chain.table, chain.name, number), rule


def _counter(rule: Rule) -> int | None:
    """Return how many packets the kernel counted at a rule; None where it does not."""
    found = _COUNTED.search(rule.text)
    return int(found[1] or found[2]) if found else None


def agree(case: Case, count: int, seed: int) -> Agreement:
    """Send packets through one rule set and compare each with the engine."""
    found = Agreement(case.name, seed)
    dice = random.Random(f"{seed} {case.name}")  # noqa: S311  # replayed by its seed
    with wire() as link:
        case.load(link)
        read = case.read(link)
        names = interfaces(tuple(read.rules.values()))
        for name in names:
            if name not in ("lo", "eth0"):
                link.plug(name)
        aimed = targets(read.rules, names)
        _join(link, aimed)
        link.watch()
        choice = chosen(aimed, count, dice)
        beside = beside_members(aimed, read.sets, choice.shots, dice)
        shots = by_limits(aimed, [*choice.shots, *beside])
        link.open(
            [
                frame(shot.begun, number)[14:]
                for number, shot in enumerate(shots)
                if shot.begun is not None
            ]
        )
        link.send([_sent(shot, number) for number, shot in enumerate(shots)])
        seen = link.witnessed()
        after = case.read(link, counted=True)
    comparison = _Comparison(found, read)
    for number, shot in enumerate(shots):
        comparison.packet(shot, number, seen)
    comparison.counters(after.rules)
    comparison.never(aimed, choice)
    return found


def _sent(shot: Shot, number: int) -> tuple[str, bytes]:
    quoted = shot.begun if shot.quotes else None
    return shot.packet.entry, frame(shot.packet, number, quoted)


def totals(results: Sequence[Agreement]) -> dict[str, int]:
    """Return the sums of all rule sets."""
    return {
        "rule sets": len(results),
        "packets": sum(r.packets for r in results),
        "apart": sum(len(r.apart) for r in results),
        "unknown": sum(len(r.unknown) for r in results),
        "accepted": sum(r.accepted for r in results),
        "lost": sum(r.lost for r in results),
        "rules": sum(r.rules for r in results),
        "never hit": sum(len(r.unhit) for r in results),
        "missed": sum(len(r.unproven) for r in results),
    }


def main(argv: Sequence[str]) -> int:
    """Prove all rule sets, or those named, and print what each showed."""
    parser = argparse.ArgumentParser("python -m lab.agreement", description=__doc__)
    parser.add_argument("names", nargs="*", help="rule sets; all without one")
    parser.add_argument("--packets", type=int, default=500, help="at least, for each")
    parser.add_argument("--seed", type=int, help="replays a run; else a new one")
    given = parser.parse_args(argv)
    new = random.SystemRandom().randrange(10**6)
    seed = new if given.seed is None else given.seed
    known = cases()
    results = []
    began = time.monotonic()
    for name in given.names or known:
        results.append(agree(known[name], given.packets, seed))
        taken = time.monotonic() - began
        print(f"{taken:4.0f} s", results[-1].text, flush=True)
        last = results[-1]
        for line in (*last.apart[:5], *last.unproven, *last.unhit):
            print("   ", line)
        doubts = sorted({text.rpartition("): ")[2] for text in last.unknown})
        for line in doubts[:5]:
            print("    unknown:", line)
    total = totals(results)
    print(json.dumps(total))
    return 1 if total["apart"] or total["lost"] or total["missed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
