"""Many like rules as one: 50,000 bans are one set of addresses.

Rules for other sources than each other's may change places, whatever they do: so rules
that are alike are joined past others that do not concern their sources.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from zmward.firewall.ranges import Ranges, ranges
from zmward.firewall.rules import Chain, Is, Match, Rule, Ruleset

_ENDS = frozenset({"accept", "drop", "reject"})
# So many overlaps for each rule are looked at; a chain with more keeps its order.
_MOST: Final = 50
_Span = tuple[int, int, int]
# A rule that ends packets of some sources, those, and the number of what it does.
_Sourced = tuple[Rule, Ranges, int]


class _Kinds:
    """Numbers what rules ask and do apart from their sources: one number, one kind."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._numbers: dict[tuple[object, ...], int] = {}
        # Rules that were read as alike share their matches, which is told at once. All
        # rules are kept by who asks, so that the ids stay theirs.
        self._shared: dict[tuple[object, ...], int] = {}

    def sourced(self, rule: Rule) -> _Sourced | None:
        """Return a rule with its sources and kind, if that is all it depends on."""
        if rule.verdict not in _ENDS:
            return None
        own = [m for m in rule.matches if isinstance(m, Is) and m.field == "source"]
        if len(own) != 1 or own[0].inverted:
            return None
        shared = (rule.verdict, *(id(m) for m in rule.matches if m is not own[0]))
        number = self._shared.get(shared)
        if number is None:
            kind = (rule.verdict, *_others(rule))
            number = self._numbers.setdefault(kind, len(self._numbers))
            self._shared[shared] = number
        return rule, own[0].values, number


def _others(rule: Rule) -> tuple[Match, ...]:
    """Return all that a rule asks but for sources."""
    return tuple(
        m for m in rule.matches if not (isinstance(m, Is) and m.field == "source")
    )


def _joined(rules: Sequence[_Sourced]) -> Rule:
    (first, _, _), (last, _, _) = rules[0], rules[-1]
    if len(rules) == 1:
        return first
    pairs = (pair for _, sources, _ in rules for pair in sources.pairs)
    matches = (*_others(first), Is("source", ranges(pairs)))
    text = f"{len(rules)} rules, lines {first.line} to {last.line}: {first.text} …"
    return replace(first, matches=matches, text=text)


def _before(rules: Sequence[_Sourced]) -> list[int]:
    """Return for each rule the last one before it that it may not pass; -1 for none.

    That is one of another kind for some of the same sources.
    """
    spans = sorted(
        (first, last, number)
        for number, (_, sources, _) in enumerate(rules)
        for first, last in sources.pairs
    )
    found = [-1] * len(rules)
    going: list[_Span] = []
    left = _MOST * len(spans)
    for span in spans:
        going = [one for one in going if one[1] >= span[0]]
        left -= len(going)
        if left < 0:
            return list(range(-1, len(rules) - 1))
        for _, _, number in going:
            if rules[number][2] != rules[span[2]][2]:
                early, late = sorted((number, span[2]))
                found[late] = max(found[late], early)
        going.append(span)
    return found


def _stretch(rules: Sequence[_Sourced]) -> Iterator[Rule]:
    """Yield rules that all have sources and end packets, joined where they may be."""
    start = 0
    open_: dict[int, list[_Sourced]] = {}
    for number, before in enumerate(_before(rules)):
        if before >= start:
            yield from map(_joined, open_.values())
            open_, start = {}, number
        open_.setdefault(rules[number][2], []).append(rules[number])
    yield from map(_joined, open_.values())


def _rules(chain: Chain) -> Iterator[Rule]:
    kinds = _Kinds()
    run: list[_Sourced] = []
    for rule in chain.rules:
        found = kinds.sourced(rule)
        if found is not None:
            run.append(found)
            continue
        yield from _stretch(run)
        run = []
        yield rule
    yield from _stretch(run)


def folded(ruleset: Ruleset) -> Ruleset:
    """Return a rule set that does the same to every packet, with fewer rules."""
    return Ruleset(
        {
            place: replace(chain, rules=tuple(_rules(chain)))
            for place, chain in ruleset.chains.items()
        }
    )
