"""Many like rules as one: 50,000 bans are one set of addresses.

Rules for other sources than each other's may change places, whatever they do: so rules
that are alike are joined past others that do not concern their sources.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from zmward.firewall.ranges import ranges
from zmward.firewall.rules import Chain, Is, Match, Rule, Ruleset

_ENDS = frozenset({"accept", "drop", "reject"})
# So many overlaps for each rule are looked at; a chain with more keeps its order.
_MOST: Final = 50
_Key = tuple[object, ...]
_Span = tuple[int, int, int]


def _source(rule: Rule) -> Is | None:
    """Return the one match of sources of a rule that ends packets, if it has one."""
    found = [m for m in rule.matches if isinstance(m, Is) and m.field == "source"]
    plain = len(found) == 1 and not found[0].inverted and rule.verdict in _ENDS
    return found[0] if plain else None


def _others(rule: Rule) -> tuple[Match, ...]:
    return tuple(
        m for m in rule.matches if not (isinstance(m, Is) and m.field == "source")
    )


def _key(rule: Rule) -> _Key:
    """Return what rules that can be joined share."""
    return (rule.verdict, _others(rule))


def _joined(rules: Sequence[Rule]) -> Rule:
    first, last = rules[0], rules[-1]
    if len(rules) == 1:
        return first
    sources = (_source(rule) for rule in rules)
    pairs = (pair for match in sources if match for pair in match.values.pairs)
    matches = (*_others(first), Is("source", ranges(pairs)))
    text = f"{len(rules)} rules, lines {first.line} to {last.line}: {first.text} …"
    return replace(first, matches=matches, text=text)


def _before(rules: Sequence[Rule], keys: Sequence[_Key]) -> list[int]:
    """Return for each rule the last one before it that it may not pass; -1 for none.

    That is one of another kind for some of the same sources.
    """
    sources = ((number, _source(rule)) for number, rule in enumerate(rules))
    spans = sorted(
        (first, last, number)
        for number, match in sources
        if match is not None
        for first, last in match.values.pairs
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
            if keys[number] != keys[span[2]]:
                early, late = sorted((number, span[2]))
                found[late] = max(found[late], early)
        going.append(span)
    return found


def _stretch(rules: Sequence[Rule]) -> Iterator[Rule]:
    """Yield rules that all have sources and end packets, joined where they may be."""
    keys = [_key(rule) for rule in rules]
    start = 0
    open_: dict[_Key, list[Rule]] = {}
    for number, before in enumerate(_before(rules, keys)):
        if before >= start:
            yield from map(_joined, open_.values())
            open_, start = {}, number
        open_.setdefault(keys[number], []).append(rules[number])
    yield from map(_joined, open_.values())


def _rules(chain: Chain) -> Iterator[Rule]:
    run: list[Rule] = []
    for rule in chain.rules:
        if _source(rule) is not None:
            run.append(rule)
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
