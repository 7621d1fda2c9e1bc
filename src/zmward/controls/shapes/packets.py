"""A shape for packet filters: what becomes of a packet that no rule names."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from zmward.control import Check
from zmward.controls.firewall._cure import NO_CURE
from zmward.controls.shapes.basic import Sources, on_hosts
from zmward.controls.shapes.exposure import NEEDS
from zmward.controls.shapes.reached import Excess, excess, told
from zmward.deviation import (
    Judgement,
    Layer,
    deviates,
    not_concerned,
    sound,
    unknown,
)
from zmward.facts import Facts
from zmward.firewall.cells import edges
from zmward.firewall.live import Live, loaded_rules
from zmward.firewall.openings import Zone
from zmward.firewall.ranges import Family
from zmward.firewall.rules import PROTOCOLS
from zmward.firewall.whitelist import whitelist, zone_sources

# Whoever belongs to the host or looks after it may be let in whole.
TRUSTED: Final[tuple[Zone, ...]] = ("admin", "cluster", "monitoring")
# Why a family is not in use on a host; an empty text where it is.
Unused = Callable[[Facts, str], str]
_KINDS: Final = {"tcp": PROTOCOLS["tcp"], "udp": PROTOCOLS["udp"]}
_PROTOCOLS: Final = 256
# Numbers of protocols that nobody uses, RFC 3692.
_FOR_TESTS: Final = (253, 254)


def _rows(rules: Live, facts: Facts, host: str, family: Family) -> Iterator[int]:
    """Yield a port of each long row that neither rules nor the policy name."""
    openings = whitelist(facts, host).openings
    for port in rules.wide(family):
        if not any(a <= port <= b for one in openings for a, b in one.ports):
            yield port


def _kinds(
    rules: Live, facts: Facts, host: str, family: Family
) -> Iterator[tuple[str, int, int]]:
    """Yield packets that no rule names: what they are, protocol and port."""
    rows = tuple(_rows(rules, facts, host, family))
    for name, number in _KINDS.items():
        for port in rows:
            yield f"{name} {port}", number, port
    named = set(edges(rules.narrowed[family].protocols))
    for number in _FOR_TESTS:
        if not {number, number + 1} & named:
            yield f"protocol {number}", number, 0
            return


def unnamed(
    facts: Facts, host: str, family: Family, rules: Live
) -> tuple[tuple[str, Excess], ...]:
    """Return what becomes of packets that no rule names: what, and who gets in."""
    trusted = zone_sources(facts, host, TRUSTED).of(family)
    own = rules.own[family]
    found = []
    for what, protocol, port in _kinds(rules, facts, host, family):
        met = rules.reached(protocol, port, family)
        one = excess(facts, host, met, trusted, own=own, family=family)
        found.append((what, one))
    return tuple(found)


def let_in(found: Iterable[tuple[str, Excess]]) -> Iterator[str]:
    """Yield which packets that no rule names get in, from where and by what."""
    texts: dict[str, list[str]] = {}
    for what, one in found:
        if one.sure:
            texts.setdefault(told((one,)), []).append(what)
    for text, kinds in texts.items():
        yield f"what no rule names is let in ({', '.join(kinds)}) {text}"


def in_doubt(found: Iterable[tuple[str, Excess]]) -> Iterator[str]:
    """Yield why it is not known whether such packets get in."""
    for doubt in dict.fromkeys(one.doubt for _, one in found if one.doubt):
        yield f"what no rule names: {doubt}"


def _judged(facts: Facts, host: str, family: Family) -> Iterator[Judgement]:
    found = unnamed(facts, host, family, loaded_rules(facts, host))
    for text in let_in(found):
        yield deviates(
            Layer.RUNNING,
            host,
            text,
            "deny by default",
            source="firewall",
            no_cure=NO_CURE,
        )
    for doubt in in_doubt(found):
        yield unknown(Layer.RUNNING, host, doubt)
    if not any(one.sure or one.doubt for _, one in found):
        kinds = [what for what, _ in found]
        seen = f"no stranger is let in to {', '.join(kinds)}, which no rule names"
        yield sound(Layer.RUNNING, host, source="firewall", seen=seen)


def filtered(family: Family, unused: Unused, needs: Sources = ()) -> Check:
    """Judge whether packets of a family are filtered on every node."""

    def one(facts: Facts, host: str) -> Iterator[Judgement]:
        reason = unused(facts, host)
        if reason:
            yield not_concerned(Layer.RUNNING, host, reason)
            return
        yield from _judged(facts, host, family)

    asked = dict.fromkeys((*NEEDS, *needs))
    return on_hosts(Layer.RUNNING, tuple(asked), one)
