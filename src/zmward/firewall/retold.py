"""Rules that nft cannot tell, in iptables' own words, and only these.

iptables-nft-save tells a native rule wrongly: `ip saddr @bans drop` is `-j DROP`
there. So nft has the word, but for what it calls `xt`.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from zmward.firewall.rules import Chain, Rule, Ruleset
from zmward.sources.source import Unreadable

_XT: Final = b'"xt":'
# What iptables' program leaves out of a rule without a word.
_LOST: Final = (b'"set":', b'"map":', b'"vmap":', b'"concat":', b'"@')


def hidden(text: str) -> frozenset[int]:
    """Return which rows of nft's JSON hold rules that only iptables can tell."""
    try:
        rows: Any = msgspec.json.decode(text)["nftables"]
        rules = (
            (n, row["rule"]["expr"]) for n, row in enumerate(rows, 1) if "rule" in row
        )
        found = ((n, msgspec.json.encode(expr)) for n, expr in rules)
        return frozenset(
            n
            for n, expr in found
            if _XT in expr and not any(word in expr for word in _LOST)
        )
    except (msgspec.DecodeError, UnicodeError, LookupError, TypeError) as error:
        raise Unreadable(f"not the JSON of nft: {error}") from error


def _rules(
    own: Chain, other: Chain | None, hidden_rows: frozenset[int]
) -> tuple[Rule, ...]:
    """Return a chain's rules; a chain that is told in another length stays as it is."""
    # A map of verdicts is several rules of one row.
    rows = [tuple(found) for _, found in groupby(own.rules, key=lambda r: r.line)]
    if other is None or len(other.rules) != len(rows):
        return own.rules
    pairs = zip(rows, other.rules, strict=True)
    return tuple(
        rule
        for row, told in pairs
        for rule in ((told,) if row[0].line in hidden_rows else row)
    )


def retold(
    native: Ruleset,
    hidden_rows: frozenset[int],
    told: Mapping[tuple[str, str], Chain],
) -> Ruleset:
    """Return nft's rule set with what it hides told by iptables' own program."""
    return Ruleset(
        {
            place: replace(chain, rules=_rules(chain, told.get(place), hidden_rows))
            for place, chain in native.chains.items()
        }
    )
