"""The numbers that rules ask for: where they begin and end, packets are told apart."""

from collections.abc import Iterable, Iterator

from zmward.firewall.ranges import Ranges
from zmward.firewall.rules import AnyOf, Field, Is, Match, OneOf, Ruleset


def flat(matches: Iterable[Match]) -> Iterator[Match]:
    """Yield matches, and those of which one of several must hold."""
    for match in matches:
        if isinstance(match, AnyOf):
            yield from flat(match.matches)
        else:
            yield match


def _asked(match: Match, field: Field) -> Iterator[Ranges]:
    if isinstance(match, Is) and match.field == field:
        yield match.values
    elif isinstance(match, OneOf):
        for place, own in enumerate(match.fields):
            if own == field:
                found = (row[place] for row in match.rows)
                yield from (cell for cell in found if isinstance(cell, Ranges))


def cells(ruleset: Ruleset, field: Field) -> Iterator[Ranges]:
    """Yield every set of numbers of a field that some rule asks for."""
    for chain in ruleset.chains.values():
        for rule in chain.rules:
            for match in flat(rule.matches):
                yield from _asked(match, field)


def edges(found: Iterable[Ranges]) -> Iterator[int]:
    """Yield where sets of numbers begin and end."""
    for some in found:
        for first, last in some.pairs:
            yield from (first, last + 1)
