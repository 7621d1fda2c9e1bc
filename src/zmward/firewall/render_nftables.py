"""A policy as a file for `nft -f`: one table of our own, replaced in one step."""

from collections.abc import Iterator

from zmward.firewall.basics import IGMP, KEPT, ODD, OPENS, Group, groups, word
from zmward.firewall.openings import EVERYBODY, FAMILIES, Opening, Policy, Sources
from zmward.firewall.ranges import Family, written

TABLE = "zmward"
_LONGEST = 120
_WORD = {"ipv4": "ip", "ipv6": "ip6"}
_TYPE = {"ipv4": "ipv4_addr", "ipv6": "ipv6_addr"}
_DIGIT = {"ipv4": "4", "ipv6": "6"}
# One host of IPv6 owns 2^64 addresses: they count as one source.
_SOURCE = {"ipv4": "ip saddr", "ipv6": "ip6 saddr and ffff:ffff:ffff:ffff::"}
_SOURCES_COUNTED = 65_535
_SMALLEST = 1024


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
        for group in groups(policy, family):
            if group.name is None:
                continue
            words = written(group.sources, family)
            options = ["flags interval", *counters]
            yield from _set(_named(group), family, words, _room(len(words)), options)
        for rate in _rates(policy):
            options = ["flags dynamic,timeout", "timeout 10m"]
            name = _rate_set(rate, family)
            yield from _set(name, family, (), _SOURCES_COUNTED, options)
        words = written(bans.of(family), family)
        size = max(_room(policy.bans // 2), _room(len(words)))
        options = ["flags interval,timeout", *counters]
        yield from _set(f"bans{_DIGIT[family]}", family, words, size, options)


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
    opening: Opening, where: str, families: tuple[Family, ...]
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
                f"burst {count} packets }} counter drop "
                f"{_comment(f'{opening.name}: too many new connections')}"
            )
    said = f"{opening.name}: {opening.why} [{opening.origin}]"
    yield f"{where}{packet} counter accept {_comment(said)}"


def _openings(policy: Policy, *, trusted: bool) -> Iterator[str]:
    for family in FAMILIES:
        for group in groups(policy, family):
            if group.trusted is not trusted:
                continue
            for opening in group.openings:
                if opening.sources == EVERYBODY:
                    if family == "ipv4":
                        yield from _opened(opening, "", FAMILIES)
                    continue
                where = f"meta nfproto {family} "
                if group.name is not None:
                    where = f"{_WORD[family]} saddr @{_named(group)} "
                yield from _opened(opening, where, (family,))


def _flags(names: tuple[str, ...]) -> str:
    return " | ".join(name.lower() for name in names) or "0x0"


def _basics() -> Iterator[str]:
    """Yield what comes before every opening."""
    yield f'iifname "lo" counter accept {_comment("the host itself")}'
    known = _comment("connections that were let in, and what belongs to them")
    yield f"ct state established,related counter accept {known}"
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
    yield f"ct state invalid counter drop {_comment('belongs to nothing')}"
    for odd in ODD:
        packet = f"tcp flags & ({_flags(odd.mask)}) == {_bits(odd.wanted)}"
        yield f"{packet} counter drop {_comment(odd.name)}"
    first = f"tcp flags & ({_flags(OPENS)}) != syn ct state new"
    yield f"{first} counter drop {_comment('new without SYN')}"


def _bits(names: tuple[str, ...]) -> str:
    return f"({_flags(names)})" if len(names) > 1 else _flags(names)


def _rules(policy: Policy) -> Iterator[str]:
    yield from _basics()
    yield from _openings(policy, trusted=True)
    for family in FAMILIES:
        name = f"@bans{_DIGIT[family]}"
        banned = _comment("banned")
        yield f"{_WORD[family]} saddr {name} counter drop {banned}"
    yield from _openings(policy, trusted=False)
    yield f"counter {_comment('all that is left: the policy drops it')}"


def nftables(
    policy: Policy, bans: Sources | None = None, *, element_counters: bool = True
) -> str:
    """Return the file; `bans` are those of now, since the table is made anew.

    nft before 0.9.5 knows no counters of elements.
    """
    made = _sets(policy, bans or Sources(), element_counters=element_counters)
    lines = [
        "#!/usr/sbin/nft -f",
        f"# Made by zmward for {word(policy.host, 80)}; load it with: nft -f FILE",
        "# Only this table is replaced, in one step; all other tables stay.",
        f"add table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        *made,
        "\tchain input {",
        "\t\ttype filter hook input priority filter; policy drop;",
        *(f"\t\t{rule}" for rule in _rules(policy)),
        "\t}",
        "}",
    ]
    return "\n".join(lines) + "\n"


def warming() -> str:
    """Return a table that only has the kernel begin to track connections.

    Loaded some time before the rules, it learns those that were open already: their
    packets carry no SYN.
    """
    name = f"{TABLE}_warming"
    return f"""\
add table inet {name}
delete table inet {name}
table inet {name} {{
\tchain input {{
\t\ttype filter hook input priority filter; policy accept;
\t\tct state new,established counter accept
\t}}
\tchain output {{
\t\ttype filter hook output priority filter; policy accept;
\t\tct state new,established counter accept
\t}}
}}
"""
