"""What becomes of one packet, in words and as `zmward.verdict/1`."""

from collections.abc import Iterator

import msgspec

from zmward.firewall.packet import Packet, asked, probe
from zmward.firewall.reach import End, Reach, Step, reach
from zmward.firewall.rules import Ruleset

SCHEMA = "zmward.verdict/1"


class Passed(msgspec.Struct, frozen=True):
    """One rule that the packet met; `sure` is false where it may not have."""

    table: str
    chain: str
    rule: str
    line: int
    verdict: str
    sure: bool


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a packet, by which rule, and the way to it."""

    verdict: End
    rule: str | None
    line: int | None
    trail: tuple[Passed, ...]
    reason: str
    assumed: tuple[str, ...] = ()


def _passed(step: Step) -> Passed:
    rule = step.rule
    there = f" {rule.target}" if rule.verdict in ("jump", "goto", "ask") else ""
    said = f"{rule.verdict}{there}"
    return Passed(step.table, step.chain, rule.text, rule.line, said, step.sure)


def _ends(told: Reach) -> Iterator[Step]:
    """Yield the rules that decided, the deciding one last."""
    for end, step in told.ends:
        if end == told.verdict and step.sure:
            yield step


def _reason(told: Reach, last: Step | None) -> str:
    if told.verdict == "unknown":
        doubts = dict.fromkeys(doubt.text for doubt in told.doubts)
        return "not understood: " + "; ".join(doubts or ("the rules end in two ways",))
    if last is None:
        return "no rule looks at such packets"
    return f"{last.rule.text} (table {last.table}, chain {last.chain})"


def verdict(ruleset: Ruleset, packet: Packet) -> Verdict:
    """Return what the rules do with one packet; nothing is guessed."""
    told = reach(ruleset, probe(packet, marked=marking(ruleset)), asked(packet))
    if not ruleset.base(packet.family):
        return Verdict("accept", None, None, (), "no rule looks at such packets")
    step = next(reversed(tuple(_ends(told))), None)
    return Verdict(
        told.verdict,
        step.rule.text if step else None,
        step.rule.line if step else None,
        tuple(_passed(one) for one in told.trail),
        _reason(told, step),
        told.assumed,
    )


def marking(ruleset: Ruleset) -> bool:
    """Say whether any rule sets a mark, so that no mark can be told."""
    return any(rule.marks for chain in ruleset.chains.values() for rule in chain.rules)
