"""Connections that are older than our rules: their far ends may go on without a SYN."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from zmward.firewall.ranges import NOTHING, Family, Pair, Ranges, ranges, single
from zmward.firewall.render_iptables import OPEN
from zmward.firewall.render_nftables import TABLE
from zmward.firewall.rules import FLAGS, Chain, Flagged, Is, Match, OneOf, Rule, Ruleset

_END: Final = ("source", "source-port")
_SYN: Final = FLAGS["SYN"]
_VERSIONS: Final[Mapping[Family, int]] = {"ipv4": 4, "ipv6": 6}


def _one(found: object) -> bool:
    return isinstance(found, Ranges) and found.count() == 1


def _in_set(matches: Iterable[Match]) -> Iterator[Pair]:
    """Yield the addresses of a set of ends, each with the port that it has there."""
    for match in matches:
        if isinstance(match, OneOf) and match.fields == _END and not match.inverted:
            for address, port in match.rows:
                if isinstance(address, Ranges) and _one(address) and _one(port):
                    yield from address.pairs


def _of_rule(rule: Rule) -> Iterator[Pair]:
    """Yield the address of a rule of iptables for one end."""
    found = {
        match.field: match.values
        for match in rule.matches
        if isinstance(match, Is) and not match.inverted
    }
    address, port = (found.get(name, NOTHING) for name in _END)
    if _one(address) and _one(port):
        yield from address.pairs


def _no_syn(rule: Rule) -> bool:
    return any(
        isinstance(match, Flagged)
        and not match.inverted
        and not match.any_of
        and match.mask & _SYN
        and not any(flags & _SYN for flags in match.wanted)
        for match in rule.matches
    )


def _of_version(rule: Rule, family: Family) -> bool:
    return Is("version", single(_VERSIONS[family])) in rule.matches


def _ends(chain: Chain, family: Family) -> Iterator[Pair]:
    accepted = [rule for rule in chain.rules if rule.verdict == "accept"]
    if chain.name == OPEN:
        for rule in accepted:
            yield from _of_rule(rule)
    elif (chain.table, chain.name) == (f"inet {TABLE}", "input"):
        for rule in accepted:
            if _of_version(rule, family) and _no_syn(rule):
                yield from _in_set(rule.matches)


def open_before(ruleset: Ruleset, family: Family) -> Ranges:
    """Return the addresses whose open connections our own rules let go on for a day."""
    return ranges(
        pair
        for chain in ruleset.chains.values()
        if family in chain.families
        for pair in _ends(chain, family)
    )
