"""A policy as a file for `nft -f`: one table of our own, replaced in one step."""

from collections.abc import Iterable, Iterator

import msgspec

from zmward.firewall.basics import (
    ALL_FLAGS,
    IGMP,
    KEPT,
    ODD,
    OPENS,
    Group,
    groups,
    word,
)
from zmward.firewall.openings import EVERYBODY, FAMILIES, Opening, Policy, Sources
from zmward.firewall.ranges import Family, Pair, Ranges, address, written

TABLE = "zmward"
_LONGEST = 120
_WORD = {"ipv4": "ip", "ipv6": "ip6"}
_TYPE = {"ipv4": "ipv4_addr", "ipv6": "ipv6_addr"}
_DIGIT = {"ipv4": "4", "ipv6": "6"}
# One host of IPv6 owns 2^64 addresses: they count as one source.
_SOURCE = {"ipv4": "ip saddr", "ipv6": "ip6 saddr and ffff:ffff:ffff:ffff::"}
_SOURCES_COUNTED = 65_535
_SMALLEST = 1024
# Of so many bans one may end by itself: fail2ban ends its own.
_TIMED = 8
# So many addresses in a row are still told one by one.
_FEW = 16
# Connections that were open before the first load: the kernel did not track them yet.
# After a day nobody waits for an answer on one that has been silent.
_OPEN = "1d"
_OPEN_ROOM = 65_535
_HOOK = "type filter hook input priority filter; policy drop;"


class Ends(msgspec.Struct, frozen=True):
    """What becomes of a packet that is not let in, by the reason, as words of a rule.

    `left` ends the chain itself.
    """

    rate: str = "counter drop"
    odd: str = "counter drop"
    invalid: str = "counter drop"
    banned: str = "counter drop"
    left: str = "counter"


_DROPPED = Ends()


def _set(
    name: str, family: Family, words: tuple[str, ...], size: int, options: list[str]
) -> Iterator[str]:
    yield f"\tset {name} {{"
    yield f"\t\ttype {_TYPE[family]}"
    yield f"\t\tsize {size}"
    yield from (f"\t\t{option}" for option in options)
    if words:
        yield "\t\telements = {"
        yield ",\n".join(f"\t\t\t{word}" for word in words)
        yield "\t\t}"
    yield "\t}"


def _room(number: int) -> int:
    """Return a set's size: an interval takes two places, and some are left."""
    size = _SMALLEST
    while size < 4 * number:
        size *= 2
    return size


def _sets(policy: Policy, bans: Sources, *, element_counters: bool) -> Iterator[str]:
    counters = ["counter"] if element_counters else []
    for family in FAMILIES:
        for group in _named_groups(policy, family):
            words = written(group.sources, family)
            options = ["flags interval", *counters]
            yield from _set(_named(group), family, words, _room(len(words)), options)
        for rate in _rates(policy):
            options = ["flags dynamic,timeout", "timeout 10m"]
            name = _rate_set(rate, family)
            yield from _set(name, family, (), _SOURCES_COUNTED, options)
        yield from _ban_sets(policy, bans, family, counters)
        yield from _open_set(family)


def _open_set(family: Family) -> Iterator[str]:
    """Yield the set of far ends of connections; who loads the rules fills it."""
    yield f"\tset open{_DIGIT[family]} {{"
    yield f"\t\ttype {_TYPE[family]} . inet_service"
    yield f"\t\tsize {_OPEN_ROOM}"
    yield from ("\t\tflags timeout", f"\t\ttimeout {_OPEN}", "\t}")


def _ban_sets(
    policy: Policy, bans: Sources, family: Family, counters: list[str]
) -> Iterator[str]:
    """Yield banned addresses, found at once by their hash, and banned networks.

    Where elements may end by themselves, the kernel takes a hash that can grow, which
    costs each packet more: addresses banned for a while have a set of their own.
    """
    single, wide = _apart(bans.of(family), family)
    name = f"bans{_DIGIT[family]}"
    size = max(_room(policy.bans // 4), _room(len(single) // 2))
    yield from _set(name, family, single, size, counters)
    name = f"timed-bans{_DIGIT[family]}"
    size = _room(policy.bans // 4 // _TIMED)
    yield from _set(name, family, (), size, ["flags timeout", *counters])
    name = f"banned-networks{_DIGIT[family]}"
    size = max(_room(policy.bans // 4), _room(len(wide)))
    yield from _set(name, family, wide, size, ["flags interval,timeout", *counters])


def _apart(bans: Ranges, family: Family) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return single addresses, and what is too wide to be told as such."""
    single: list[str] = []
    wide: list[Pair] = []
    for first, last in bans.pairs:
        if last - first < _FEW:
            single += (address(n, family) for n in range(first, last + 1))
        else:
            wide.append((first, last))
    return tuple(single), written(Ranges(tuple(wide)), family)


def _named_groups(policy: Policy, family: Family) -> tuple[Group, ...]:
    return tuple(group for group in groups(policy, family) if group.name is not None)


def _named(group: Group) -> str:
    return f"{group.name}{_DIGIT[group.family]}"


def _rate_set(opening: Opening, family: Family) -> str:
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in opening.name)
    return f"rate-{name}-{_DIGIT[family]}"


def _rates(policy: Policy) -> tuple[Opening, ...]:
    return tuple({o.name: o for o in policy.openings if o.rate}.values())


def _ports(opening: Opening) -> str:
    """Return what a packet of an opening looks like, without its source."""
    if not opening.ports:
        return f"meta l4proto {opening.number}"
    words = [str(a) if a == b else f"{a}-{b}" for a, b in opening.ports]
    ports = words[0] if len(words) == 1 else f"{{ {', '.join(words)} }}"
    source = ""
    if opening.source_port:
        source = f"{opening.protocol} sport {opening.source_port} "
    return f"{source}{opening.protocol} dport {ports}"


def _comment(text: str) -> str:
    return f'comment "{word(text, _LONGEST)}"'


def _opened(
    opening: Opening, where: str, families: tuple[Family, ...], ends: Ends
) -> Iterator[str]:
    """Yield the rules of one opening; its limit comes first."""
    packet = _ports(opening)
    if opening.rate:
        count = opening.rate.partition("/")[0]
        for family in families:
            name = _rate_set(opening, family)
            yield (
                f"{where}{packet} ct state new update @{name} "
                f"{{ {_SOURCE[family]} limit rate over {opening.rate} "
                f"burst {count} packets }} {ends.rate} "
                f"{_comment(f'{opening.name}: too many new connections')}"
            )
    said = f"{opening.name}: {opening.why} [{opening.origin}]"
    yield f"{where}{packet} counter accept {_comment(said)}"


def _chains(policy: Policy, ends: Ends) -> Iterator[str]:
    """Yield a chain for each group of addresses: its openings, one rule each."""
    for family in FAMILIES:
        for group in _named_groups(policy, family):
            own = (_opened(o, "", (family,), ends) for o in group.openings)
            yield from chain(_named(group), (rule for rules in own for rule in rules))


def chain(name: str, rules: Iterable[str]) -> Iterator[str]:
    """Yield a chain's lines."""
    yield f"\tchain {name} {{"
    yield from (f"\t\t{rule}" for rule in rules)
    yield "\t}"


def _openings(policy: Policy, ends: Ends, *, trusted: bool) -> Iterator[str]:
    for family in FAMILIES:
        for group in groups(policy, family):
            if group.trusted is not trusted:
                continue
            if group.name is not None:
                name = _named(group)
                yield f"{_WORD[family]} saddr @{name} jump {name}"
                continue
            for opening in group.openings:
                if opening.sources != EVERYBODY:
                    yield from _opened(
                        opening, f"meta nfproto {family} ", (family,), ends
                    )
                elif family == "ipv4":
                    yield from _opened(opening, "", FAMILIES, ends)


def _flags(names: tuple[str, ...]) -> str:
    return " | ".join(name.lower() for name in names) or "0x0"


def _bits(names: tuple[str, ...]) -> str:
    return f"({_flags(names)})" if len(names) > 1 else _flags(names)


def _icmp() -> Iterator[str]:
    for kept in KEPT:
        name = "icmp" if kept.family == "ipv4" else "icmpv6"
        types = ", ".join(str(number) for number in kept.types)
        source = f"{_WORD[kept.family]} saddr {kept.source} " if kept.source else ""
        rate = ""
        if kept.rate:
            count = kept.rate.partition("/")[0]
            rate = f" limit rate {kept.rate} burst {count} packets"
        packet = f"{source}{name} type {{ {types} }}{rate}"
        yield f"{packet} counter accept {_comment(f'{name}: {kept.name}')}"
    yield f"meta nfproto ipv4 meta l4proto {IGMP} counter accept {_comment('igmp')}"


def _odd(ends: Ends) -> Iterator[str]:
    for odd in ODD:
        packet = f"tcp flags & ({_flags(odd.mask)}) == {_bits(odd.wanted)}"
        yield f"{packet} {ends.odd} {_comment(odd.name)}"
    first = f"tcp flags & ({_flags(OPENS)}) != syn ct state new"
    yield f"{first} {ends.odd} {_comment('new without SYN')}"


def _open() -> Iterator[str]:
    """Yield what lets connections go on that are older than the rules: never a SYN."""
    packet = f"tcp flags & syn == 0x0 tcp flags & ({_flags(('ACK', 'RST'))}) != 0x0"
    for family in FAMILIES:
        ends = f"{_WORD[family]} saddr . tcp sport @open{_DIGIT[family]}"
        yield f"{packet} {ends} counter accept {_comment('open before these rules')}"


def _input(policy: Policy, ends: Ends) -> Iterator[str]:
    """Yield the rules that every packet meets: few, and in an order that is quick."""
    yield f'iif "lo" counter accept {_comment("the host itself")}'
    known = _comment("connections that were let in, and what belongs to them")
    yield f"ct state established,related counter accept {known}"
    numbers = ", ".join(str(n) for n in sorted({IGMP, *(k.protocol for k in KEPT)}))
    yield f"meta l4proto {{ {numbers} }} jump kept"
    yield from _open()
    yield f"ct state invalid {ends.invalid} {_comment('belongs to nothing')}"
    # An honest first packet is told apart by one rule.
    yield f"tcp flags & ({_flags(ALL_FLAGS)}) != syn jump odd"
    yield from _openings(policy, ends, trusted=True)
    for family in FAMILIES:
        for name in ("bans", "timed-bans", "banned-networks"):
            place = f"{_WORD[family]} saddr @{name}{_DIGIT[family]}"
            yield f"{place} {ends.banned} {_comment('banned')}"
    yield from _openings(policy, ends, trusted=False)
    yield f"{ends.left} {_comment('all that is left: the policy drops it')}"


def inside(
    policy: Policy,
    bans: Sources,
    *,
    hook: str,
    ends: Ends = _DROPPED,
    element_counters: bool = True,
) -> Iterator[str]:
    """Yield what stands in the table: sets, chains, and the one that is hooked in."""
    yield from _sets(policy, bans, element_counters=element_counters)
    yield from chain("kept", _icmp())
    yield from chain("odd", _odd(ends))
    yield from _chains(policy, ends)
    yield from chain("input", (hook, *_input(policy, ends)))


def nftables(
    policy: Policy, bans: Sources | None = None, *, element_counters: bool = True
) -> str:
    """Return the file; `bans` are those of now, since the table is made anew.

    nft before 0.9.5 knows no counters of elements.
    """
    found = bans or Sources()
    lines = [
        "#!/usr/sbin/nft -f",
        f"# Made by zmward for {word(policy.host, 80)}; load it with: nft -f FILE",
        "# Only this table is replaced, in one step; all other tables stay. By hand it",
        "# ends connections that nothing tracked; `zmward firewall try` keeps them.",
        f"add table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        *inside(policy, found, hook=_HOOK, element_counters=element_counters),
        "}",
    ]
    return "\n".join(lines) + "\n"
