"""Long runs of like rules as one: 50,000 bans are one set of addresses."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from msgspec.structs import replace

from zmward.firewall.ranges import ranges
from zmward.firewall.rules import Chain, Is, Match, Rule, Ruleset

_ENDS = frozenset({"accept", "drop", "reject"})


def _source(rule: Rule) -> Is | None:
    """Return the one match of sources of a rule that ends packets, if it has one."""
    found = [m for m in rule.matches if isinstance(m, Is) and m.field == "source"]
    plain = len(found) == 1 and not found[0].inverted and rule.verdict in _ENDS
    return found[0] if plain else None


def _others(rule: Rule) -> tuple[Match, ...]:
    return tuple(
        m for m in rule.matches if not (isinstance(m, Is) and m.field == "source")
    )


def _alike(rule: Rule) -> tuple[object, ...]:
    """Return what rules of one run share; a rule without a source is alone."""
    if _source(rule) is None:
        return (id(rule),)
    return (rule.verdict, _others(rule))


def _joined(run: Iterable[Rule]) -> Rule:
    rules = tuple(run)
    first, last = rules[0], rules[-1]
    sources = [_source(rule) for rule in rules]
    if len(rules) == 1 or None in sources:
        return first
    pairs = (pair for match in sources if match for pair in match.values.pairs)
    matches = (*_others(first), Is("source", ranges(pairs)))
    text = f"{len(rules)} rules, lines {first.line} to {last.line}: {first.text} …"
    return replace(first, matches=matches, text=text)


def _rules(chain: Chain) -> Iterator[Rule]:
    for _, run in groupby(chain.rules, key=_alike):
        yield _joined(run)


def folded(ruleset: Ruleset) -> Ruleset:
    """Return a rule set that does the same to every packet, with fewer rules."""
    return Ruleset(
        {
            place: replace(chain, rules=tuple(_rules(chain)))
            for place, chain in ruleset.chains.items()
        }
    )
