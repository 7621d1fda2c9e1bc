"""A table that counts what a policy would drop and drops nothing.

It decides as the rules themselves do, behind every other filter. What is left at the
end is counted by source, protocol and port instead of being dropped.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from zmward.firewall.openings import Policy, Sources
from zmward.firewall.render_nftables import Ends, chain, inside

TABLE: Final = "zmward_observe"
# Each set takes so many flows; what finds no room is counted as such.
ROOM: Final = 65_535
# Behind all filters: the kernel's own end at 0, security at 50, translation at 100.
_PRIORITY: Final = 1000
_HOOK: Final = f"type filter hook input priority {_PRIORITY}; policy accept;"
_ENDS: Final = Ends(
    rate="jump rated",
    odd="jump midway",
    invalid="jump misfit",
    banned="counter accept",
    left="jump left",
)
# tcp, udp, dccp, sctp, udplite: their first four bytes are two ports.
_WITH_PORTS: Final = "meta l4proto { 6, 17, 33, 132, 136 }"
_PORT: Final = ". meta l4proto . th dport"
_PAIR: Final = ". tcp sport . tcp dport"
# Kinds of flows: what tells one from another, in rules and as types.
KINDS: Final = {
    "told": (_PORT, "inet_proto . inet_service"),
    "unheard": (_PORT, "inet_proto . inet_service"),
    "rated": (_PORT, "inet_proto . inet_service"),
    "spoken": (". meta l4proto", "inet_proto"),
    "midway": (_PAIR, "inet_service . inet_service"),
}
COUNTERS: Final = ("left", "rate", "between", "invalid", "untracked")


def _sets(seconds: int) -> Iterator[str]:
    for kind, (_, types) in KINDS.items():
        for digit in "46":
            yield f"\tset {kind}{digit} {{"
            yield f"\t\ttype ipv{digit}_addr . {types}"
            yield f"\t\tsize {ROOM}"
            yield "\t\tflags dynamic,timeout"
            # Longer than it is listened, since nothing may be forgotten meanwhile.
            yield f"\t\ttimeout {2 * seconds + 3600}s"
            yield "\t}"


def _heard(ports: Iterable[tuple[int, int]]) -> Iterator[str]:
    yield "\tset heard {"
    yield "\t\ttype inet_proto . inet_service"
    words = ", ".join(f"{protocol} . {port}" for protocol, port in sorted(set(ports)))
    if words:
        yield f"\t\telements = {{ {words} }}"
    yield "\t}"


def _counting(kind: str) -> Iterator[str]:
    """Yield the rules of one kind; a set without room lets the last rule count."""
    key, _ = KINDS[kind]
    for word, digit in (("ip", "4"), ("ip6", "6")):
        yield f"update @{kind}{digit} {{ {word} saddr {key} counter }} accept"
    yield f'counter name "{kind}-full" accept'


def _chains(*, heard: bool) -> Iterator[str]:
    counted = {"rated": "rate", "midway": "between"}
    for kind in KINDS:
        name = counted.get(kind)
        first = (f'counter name "{name}"',) if name else ()
        yield from chain(kind, (*first, *_counting(kind)))
    misfit = ("meta l4proto 6 goto midway", 'counter name "invalid" accept')
    yield from chain("misfit", misfit)
    told = ("meta l4proto . th dport @heard goto told", "goto unheard")
    yield from chain("ported", told if heard else ("goto told",))
    left = (
        'counter name "left"',
        'ct state untracked meta l4proto { 6, 17 } counter name "untracked"',
        # The answers that such a connection gets are no new flows.
        "ct state untracked tcp flags & (fin | syn | rst | ack) != syn goto midway",
        f"{_WITH_PORTS} goto ported",
        "goto spoken",
    )
    yield from chain("left", left)


def beginning() -> str:
    """Return a table of this name that only has connections tracked.

    It is refused where there is one already. Some time under it shows the kernel most
    connections that were open before: their packets carry no SYN.
    """
    hooks = (
        (hook, f"type filter hook {hook} priority {_PRIORITY}; policy accept;")
        for hook in ("input", "output")
    )
    tracked = "ct state new,established counter accept"
    lines = [f"create table inet {TABLE}", f"table inet {TABLE} {{"]
    for name, hook in hooks:
        lines += chain(name, (hook, tracked))
    return "\n".join([*lines, "}"]) + "\n"


def observing(
    policy: Policy, heard: Iterable[tuple[int, int]] | None, seconds: int
) -> str:
    """Return the file that puts the counting table in the place of the first one.

    `heard` are the protocols and ports on which something listens: scans of other
    ports find their room elsewhere. None means that nobody knows.
    """
    counters = (*COUNTERS, *(f"{kind}-full" for kind in KINDS))
    lines = [
        f"add table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        *(f"\tcounter {name} {{ }}" for name in counters),
        *_sets(seconds),
        *(_heard(heard) if heard is not None else ()),
        *_chains(heard=heard is not None),
        *inside(policy, Sources(), hook=_HOOK, ends=_ENDS),
        "}",
    ]
    return "\n".join(lines) + "\n"
