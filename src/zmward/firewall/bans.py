"""Bans: rules that keep single addresses out for a while, and belong to no policy."""

import re
from typing import Final

from msgspec.structs import replace

from zmward.firewall.rules import (
    AnyOf,
    Chain,
    Is,
    Match,
    OneOf,
    Rule,
    Ruleset,
    Uncertain,
)

# Chains and tables of programs that ban, and sets that they or our own rules ask.
_PLACES: Final = re.compile(r"^(\w+ )?(f2b-|crowdsec|CROWDSEC|ZMWARD-BANS$)")
_SETS: Final = re.compile(
    r"(@|--match-set )(zmward-bans|(?:timed-)?bans[46]\b|banned-networks[46]\b|f2b-"
    r"|addr6?-set-|crowdsec)"
)


def _of_some(match: Match) -> bool:
    """Say whether a match picks sources, be it by a set that nobody has told."""
    if isinstance(match, Is):
        picks = match.field == "source" and not match.inverted
        return picks and bool(match.values)
    if isinstance(match, AnyOf):
        each = match.matches
        return not match.inverted and bool(each) and all(map(_of_some, each))
    if isinstance(match, OneOf):
        return "source" in match.fields and not match.inverted and bool(match.rows)
    return isinstance(match, Uncertain) and bool(_SETS.search(match.text))


def _bans(chain: Chain, rule: Rule) -> bool:
    """Say whether a rule keeps banned addresses out, and does nothing else."""
    if rule.verdict not in ("drop", "reject") or not any(map(_of_some, rule.matches)):
        return False
    place = _PLACES.search(chain.table) or _PLACES.search(chain.name)
    return bool(place or _SETS.search(rule.text))


def without_bans(ruleset: Ruleset) -> tuple[Ruleset, int]:
    """Return the rules as if nobody were banned, and how many rules ban somebody.

    Only rules that stop packets are left out, so that nothing seems closed by it.
    """
    count = 0
    chains = {}
    for place, chain in ruleset.chains.items():
        kept = tuple(rule for rule in chain.rules if not _bans(chain, rule))
        count += len(chain.rules) - len(kept)
        chains[place] = replace(chain, rules=kept)
    return Ruleset(chains), count
