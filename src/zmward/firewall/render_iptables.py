"""A policy as text for `iptables-restore --noflush`, and as sets for `ipset restore`.

It stands in the table `security`, which sees a packet after `filter`: chains of other
people stay as they are, and nothing that they accept gets past ours. That table's
INPUT chain is emptied by each load, so that a second one changes nothing.
"""

from collections.abc import Iterator

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
from zmward.firewall.openings import FAMILIES, Opening, Policy, Sources
from zmward.firewall.ranges import Family, written

CHAIN = "ZMWARD"
_AH = 51
_KEPT, _ODD = f"{CHAIN}-ICMP-KEPT", f"{CHAIN}-ODD-FLAGS"
# Whoever loads the rules fills it with the far ends of connections that are open.
OPEN = f"{CHAIN}-OPEN"
# Whoever bans without ipset puts rules there; a load leaves it as it is.
BANNED = f"{CHAIN}-BANS"
# From so many networks on, a zone is a set.
_MANY = 64
# multiport takes no more; a range counts twice.
_MOST_PORTS = 15
_LONGEST = 200
_MASK = {"ipv4": "32", "ipv6": "64"}
_DIGIT = {"ipv4": "4", "ipv6": "6"}
_ICMP = {
    "ipv4": ("icmp", "-m icmp --icmp-type"),
    "ipv6": ("ipv6-icmp", "-m icmp6 --icmpv6-type"),
}


def chunks(spans: tuple[tuple[int, int], ...]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Yield ports in pieces that multiport takes."""
    piece: list[tuple[int, int]] = []
    for first, last in spans:
        used = sum(1 + (a != b) for a, b in piece)
        if used + 1 + (first != last) > _MOST_PORTS:
            yield tuple(piece)
            piece = []
        piece.append((first, last))
    if piece:
        yield tuple(piece)


def port_list(spans: tuple[tuple[int, int], ...]) -> str:
    """Return ports as iptables and ufw write them."""
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in spans)


def asked_protocol(number: int, family: Family) -> str:
    """Return how a protocol without ports is asked for.

    In IPv6, ip6tables takes AH for a header before what it protects: -p never sees it.
    """
    return "-m ah" if (family, number) == ("ipv6", _AH) else f"-p {number}"


def _packets(opening: Opening, family: Family) -> Iterator[str]:
    """Yield what packets of an opening look like, without their source."""
    if not opening.ports:
        yield asked_protocol(opening.number, family)
        return
    name = opening.protocol
    source = f" --sport {opening.source_port}" if opening.source_port else ""
    for piece in chunks(opening.ports):
        if len(piece) == 1:
            yield f"-p {name} -m {name}{source} --dport {port_list(piece)}"
        else:
            own = f" -m {name}{source}" if source else ""
            yield f"-p {name}{own} -m multiport --dports {port_list(piece)}"


def _comment(text: str) -> str:
    return f'-m comment --comment "{word(text, _LONGEST)}"'


def counter_name(opening: Opening, family: Family) -> str:
    """Return how a limit's table of sources is called: in at most 15 characters."""
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in opening.name)
    return f"zm-{name}"[:14] + _DIGIT[family]


def _limit(opening: Opening, family: Family) -> str:
    count = opening.rate.partition("/")[0]
    return (
        "-m conntrack --ctstate NEW -m hashlimit "
        f"--hashlimit-above {opening.rate} --hashlimit-burst {count} "
        f"--hashlimit-mode srcip --hashlimit-srcmask {_MASK[family]} "
        f"--hashlimit-name {counter_name(opening, family)}"
    )


def _opened(opening: Opening, family: Family) -> Iterator[str]:
    """Yield the rules of one opening, without their chain; its limit comes first."""
    said = _comment(f"{opening.name}: {opening.why} [{opening.origin}]")
    for packet in _packets(opening, family):
        if opening.rate:
            many = _comment(f"{opening.name}: too many new connections")
            yield f"{packet} {_limit(opening, family)} {many} -j DROP"
        yield f"{packet} {said} -j ACCEPT"


def _chain(group: Group) -> str:
    return f"{CHAIN}-{(group.name or '').upper()}".removesuffix("-")


def set_name(group: Group) -> str:
    """Return how the set of a group's addresses is called."""
    return f"zmward-{(group.name or '').rstrip('-')}{_DIGIT[group.family]}"


def _large(group: Group) -> bool:
    return len(written(group.sources, group.family)) >= _MANY


def _jumps(group: Group) -> Iterator[str]:
    """Yield what sends the addresses of a group to its chain."""
    if _large(group):
        yield f"-A {CHAIN} -m set --match-set {set_name(group)} src -j {_chain(group)}"
        return
    for net in written(group.sources, group.family):
        yield f"-A {CHAIN} -s {net} -j {_chain(group)}"


def _basics(family: Family) -> Iterator[str]:
    """Yield what every packet meets before the openings."""
    yield f"-i lo {_comment('the host itself')} -j ACCEPT"
    known = _comment("connections that were let in, and what belongs to them")
    yield f"-m conntrack --ctstate RELATED,ESTABLISHED {known} -j ACCEPT"
    yield f"-p {_ICMP[family][0]} -j {_KEPT}"
    if family == "ipv4":
        yield f"-p {IGMP} {_comment('igmp')} -j ACCEPT"
    for mask, flag in (("SYN,ACK", "ACK"), ("SYN,RST", "RST")):
        older = f"-p tcp -m tcp --tcp-flags {mask} {flag}"
        yield f"{older} {_comment('open before these rules')} -j {OPEN}"
    yield f"-m conntrack --ctstate INVALID {_comment('belongs to nothing')} -j DROP"
    # An honest first packet is told apart by one rule.
    yield f"-p tcp -m tcp ! --tcp-flags {','.join(ALL_FLAGS)} SYN -j {_ODD}"


def kept_rules(family: Family) -> Iterator[str]:
    """Yield what lets in the ICMP messages without which a network breaks."""
    name, option = _ICMP[family]
    for kept in KEPT:
        if kept.family != family:
            continue
        source = f"-s {kept.source} " if kept.source else ""
        rate = ""
        if kept.rate:
            count = kept.rate.partition("/")[0]
            rate = f" -m limit --limit {kept.rate} --limit-burst {count}"
        for number in kept.types:
            packet = f"{source}-p {name} {option} {number}{rate}"
            yield f"{packet} {_comment(kept.name)} -j ACCEPT"


def odd_rules() -> Iterator[str]:
    """Yield the drops of TCP packets that no honest program sends."""
    for odd in ODD:
        wanted = ",".join(odd.wanted) or "NONE"
        packet = f"-p tcp -m tcp --tcp-flags {','.join(odd.mask)} {wanted}"
        yield f"{packet} {_comment(odd.name)} -j DROP"
    first = f"-p tcp -m tcp ! --tcp-flags {','.join(OPENS)} SYN"
    said = _comment("new without SYN")
    yield f"{first} -m conntrack --ctstate NEW {said} -j DROP"


def _bodies(found: tuple[Group, ...], family: Family) -> Iterator[str]:
    for group in found:
        if group.name is not None:
            for opening in group.openings:
                for rule in _opened(opening, family):
                    yield f"-A {_chain(group)} {rule}"


def _ways(found: tuple[Group, ...], family: Family, *, trusted: bool) -> Iterator[str]:
    for group in found:
        if group.trusted is not trusted:
            continue
        if group.name is not None:
            yield from _jumps(group)
            continue
        for opening in group.openings:
            for rule in _opened(opening, family):
                yield f"-A {CHAIN} {rule}"


def iptables(policy: Policy, family: Family, *, bans: bool = False) -> str:
    """Return the text for one family; with `bans` it asks the set of banned ones."""
    found = groups(policy, family)
    banned = (
        f"-A {CHAIN} -m set --match-set zmward-bans{_DIGIT[family]} src "
        f"{_comment('banned')} -j DROP"
    )
    lines = [
        f"# Made by zmward for {word(policy.host, 80)}; load it with --noflush.",
        "*security",
        ":INPUT ACCEPT [0:0]",
        *(f":{name} - [0:0]" for name in (CHAIN, _KEPT, _ODD, OPEN, BANNED)),
        *(f":{_chain(group)} - [0:0]" for group in found if group.name is not None),
        "-F INPUT",
        f"-A INPUT -j {CHAIN}",
        *(f"-A {CHAIN} {rule}" for rule in _basics(family)),
        *_ways(found, family, trusted=True),
        f"-A {CHAIN} {_comment('banned')} -j {BANNED}",
        *((banned,) if bans else ()),
        *_ways(found, family, trusted=False),
        f"-A {CHAIN} {_comment('all that is left')} -j DROP",
        *(f"-A {_KEPT} {rule}" for rule in kept_rules(family)),
        *(f"-A {_ODD} {rule}" for rule in odd_rules()),
        *_bodies(found, family),
        "COMMIT",
    ]
    return "\n".join(lines) + "\n"


def _kind(family: Family, most: int) -> str:
    return f"hash:net family {'inet' if family == 'ipv4' else 'inet6'} maxelem {most}"


def _filled(name: str, family: Family, words: tuple[str, ...], most: int) -> list[str]:
    """Return the lines that fill a set beside the old one and put it in its place."""
    kind = _kind(family, most)
    new = f"{name}-new"
    return [
        f"create {name} {kind} counters -exist",
        f"create {new} {kind} counters -exist",
        f"flush {new}",
        *(f"add {new} {net}" for net in words),
        f"swap {new} {name}",
        f"destroy {new}",
    ]


def ipset(policy: Policy, bans: Sources | None = None) -> str:
    """Return the text for `ipset restore`: large zones, and a set of bans if wanted.

    It comes before the rules that ask the sets.
    """
    lines: list[str] = []
    for family in FAMILIES:
        for group in groups(policy, family):
            if group.name is not None and _large(group):
                words = written(group.sources, family)
                most = max(65_536, 2 * len(words))
                lines += _filled(set_name(group), family, words, most)
        if bans is not None:
            words = written(bans.of(family), family)
            kind = _kind(family, max(policy.bans, 2 * len(words)))
            name = f"zmward-bans{_DIGIT[family]}"
            # It is never exchanged: somebody may ban at the same moment.
            lines.append(f"create {name} {kind} timeout 0 counters -exist")
            lines += (f"add {name} {net} -exist" for net in words)
    return "".join(f"{line}\n" for line in lines)


def foreign_rules(saved: str) -> tuple[str, ...]:
    """Return other people's rules in our table's INPUT, which a load would lose."""
    table, found = "", []
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:]
        own = line == f"-A INPUT -j {CHAIN}"
        if table == "security" and line.startswith("-A INPUT ") and not own:
            found.append(line)
    return tuple(found)
