"""Ports that other ports lead to: a redirected packet reaches what nobody named."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from zmward.firewall.ranges import NOTHING, Ranges
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


def _origins(ruleset: Ruleset) -> Iterator[tuple[int, Origin]]:
    """Yield the ports of the host to which packets are sent, and from where."""
    for chain in ruleset.chains.values():
        for rule in chain.rules:
            if rule.verdict == "send" and rule.port is not None:
                yield from ((rule.port, Origin(own, rule)) for own in _ports(rule))


def taken(told: Reach, port: int) -> Ranges:
    """Return the sources that were sent to a port on their way."""
    found = NOTHING
    for step in told.trail:
        if step.rule.verdict == "send" and step.rule.port == port:
            found |= step.sources
    return found


def _leads(text: str, own: Iterable[str]) -> str:
    """Return the port of the host itself to which a rule leads, as it is written."""
    to = _TO.search(text)
    if to is None:
        return ""
    host, _, number = to[1].rpartition(":")
    host = host.strip("[]")
    here = not host or host.startswith("127.") or host in ("::1", *own)
    return number if here else ""


class Sent:
    """Which ports of a host others lead to, found once for all ports."""

    def __init__(self, ruleset: Ruleset, own: Iterable[str]) -> None:
        """Look through the rules; `own` are the host's addresses."""
        self._origins: dict[int, dict[Origin, None]] = {}
        for port, origin in _origins(ruleset):
            self._origins.setdefault(port, {})[origin] = None
        names = tuple(own)
        self._doubts: dict[str, dict[str, None]] = {}
        for chain in ruleset.chains.values():
            for rule in chain.rules:
                if rule.target in _ELSEWHERE or "tproxy to" in rule.text:
                    texts = self._doubts.setdefault(_leads(rule.text, names), {})
                    texts[rule.text] = None

    def origins(self, port: int) -> tuple[Origin, ...]:
        """Return the ports from which packets are sent to a port of the host."""
        return tuple(self._origins.get(port, ()))

    def doubts(self, port: int) -> tuple[str, ...]:
        """Return the rules that may lead others to a port, and that nobody judges."""
        found = self._doubts.get(str(port), ())
        return tuple(f"{text}: it leads to port {port}" for text in found)
