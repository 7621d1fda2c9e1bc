"""By which interface and for which own address packets come, where rules ask it."""

import ipaddress
from collections.abc import Hashable, Iterable, Iterator
from typing import Final, TypeVar

import msgspec

from zmward.evidence import Answer, Unseen
from zmward.facts import Facts
from zmward.firewall.cells import cells, flat
from zmward.firewall.ranges import BITS, Family
from zmward.firewall.rules import Enters, OneOf, Probe, Ruleset
from zmward.sources.addresses import ADDRESSES, interfaces

T = TypeVar("T", bound=Hashable)
_SOME: Final = -1


class Way(msgspec.Struct, frozen=True):
    """An interface and a destination for all of which no rule tells apart.

    Without a name it is whichever there is; `said` names them where there are others.
    """

    entry: str = ""
    destination: int = _SOME
    said: tuple[str, ...] = ()


class Held(msgspec.Struct, frozen=True):
    """The interfaces and addresses that a host has, none where they were not seen."""

    interfaces: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def held(facts: Facts, host: str) -> Held:
    """Return what a host says of itself, and the addresses that may move to it."""
    answer = facts.evidence.answer(host, ADDRESSES.name)
    names = interfaces(answer.text) if isinstance(answer, Answer) else ()
    try:
        own = facts.read(ADDRESSES, host)
    except Unseen:
        return Held(names)
    nets = map(ipaddress.ip_network, facts.profile.firewall.virtual_addresses)
    moving = (str(n.network_address) for n in nets if n.num_addresses == 1)
    return Held(names, tuple(dict.fromkeys((*own, *moving))))


def _entries(ruleset: Ruleset) -> Iterator[Enters]:
    """Yield what rules ask of the way in, but whether it is the loopback."""
    for chain in ruleset.chains.values():
        if chain.devices:
            yield Enters(chain.devices)
        for rule in chain.rules:
            for match in flat(rule.matches):
                if isinstance(match, Enters) and set(match.names) != {"lo"}:
                    yield match
                elif isinstance(match, OneOf) and "entry" in match.fields:
                    place = match.fields.index("entry")
                    names = (row[place] for row in match.rows)
                    yield from (Enters((str(n),)) for n in names if n is not None)


def _grouped(found: Iterable[tuple[T, tuple[bool, ...]]]) -> tuple[tuple[T, ...], ...]:
    groups: dict[tuple[bool, ...], list[T]] = {}
    for one, alike in found:
        groups.setdefault(alike, []).append(one)
    return tuple(tuple(group) for group in groups.values())


def _by_entry(ruleset: Ruleset, names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    asked = tuple(set(_entries(ruleset)))
    if not asked or not names:
        return (("",),)
    probes = ((name, Probe("ipv4", {}, entry=name)) for name in names)
    return _grouped(
        (name, tuple(match.take(probe).possible is None for match in asked))
        for name, probe in probes
    )


def _by_destination(
    ruleset: Ruleset, family: Family, addresses: Iterable[str]
) -> tuple[tuple[str, ...], ...]:
    asked = tuple(set(cells(ruleset, "destination")))
    own = [ipaddress.ip_address(text) for text in addresses]
    own = [one for one in own if one.max_prefixlen == BITS[family]]
    outside = [one for one in own if not one.is_loopback]
    if not asked or not outside:
        return (("",),)
    return _grouped(
        (str(one), tuple(int(one) in some for some in asked)) for one in outside
    )


def ways(ruleset: Ruleset, family: Family, own: Held) -> tuple[Way, ...]:
    """Return one way of each kind that the rules of a family tell apart."""
    mine = Ruleset({p: c for p, c in ruleset.chains.items() if family in c.families})
    entries = _by_entry(mine, own.interfaces)
    destinations = _by_destination(mine, family, own.addresses)
    found = []
    for names in entries:
        for addresses in destinations:
            said = names if len(entries) > 1 else ()
            if len(destinations) > 1:
                said = (*said, *(f"to {address}" for address in addresses))
            number = _SOME
            if addresses[0]:
                number = int(ipaddress.ip_address(addresses[0]))
            found.append(Way(names[0], number, said))
    return tuple(found)
