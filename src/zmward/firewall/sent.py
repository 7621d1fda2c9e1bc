"""Ports that other ports lead to: a redirected packet reaches what nobody named."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from zmward.firewall.ranges import NOTHING, Family, Ranges, everything
from zmward.firewall.reach import Reach
from zmward.firewall.rules import Is, Rule, Ruleset

_TO: Final = re.compile(r"(?:--to-destination|--on-port|dnat to|tproxy to) (\S+)")
_ELSEWHERE: Final = frozenset({"DNAT", "dnat", "TPROXY"})


class Origin(msgspec.Struct, frozen=True):
    """Another port whose packets some rule sends to one: by which port to ask."""

    port: int
    rule: Rule


def _ports(rule: Rule) -> Iterator[int]:
    """Yield one port of each range that a rule takes; one of all where it asks none."""
    asked = [
        match
        for match in rule.matches
        if isinstance(match, Is) and match.field == "destination-port"
    ]
    for match in asked:
        if not match.inverted:
            yield from (first for first, _ in match.values.pairs)
    if not asked or any(match.inverted for match in asked):
        yield from (1, 65_535)


def origins(ruleset: Ruleset, port: int) -> tuple[Origin, ...]:
    """Return the ports from which packets are sent to a port of the host."""
    found = (
        Origin(own, rule)
        for chain in ruleset.chains.values()
        for rule in chain.rules
        if rule.verdict == "send" and rule.port == port
        for own in _ports(rule)
    )
    return tuple(dict.fromkeys(found))


def taken(told: Reach, port: int) -> Ranges:
    """Return the sources that were sent to a port on their way."""
    found = NOTHING
    for step in told.trail:
        if step.rule.verdict == "send" and step.rule.port == port:
            found |= step.sources
    return found


def _leads(text: str, port: int, own: Iterable[str]) -> bool:
    to = _TO.search(text)
    if to is None:
        return False
    host, _, number = to[1].rpartition(":")
    host = host.strip("[]")
    here = not host or host.startswith("127.") or host in ("::1", *own)
    return here and number == str(port)


def doubts(ruleset: Ruleset, port: int, own: Iterable[str]) -> tuple[str, ...]:
    """Return the rules that may lead others to a port, and that nobody judges."""
    names = tuple(own)
    return tuple(
        dict.fromkeys(
            f"{rule.text}: it leads to port {port}"
            for chain in ruleset.chains.values()
            for rule in chain.rules
            if (rule.target in _ELSEWHERE or "tproxy to" in rule.text)
            and _leads(rule.text, port, names)
        )
    )


def unknown(family: Family, found: tuple[str, ...]) -> Ranges:
    """Return of whom nobody knows whether such rules lead them to a port."""
    return everything(family) if found else NOTHING
