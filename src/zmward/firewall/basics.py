"""What every rule set lets in or drops, whatever the policy says: ICMP and odd TCP."""

from typing import Final

import msgspec

from zmward.firewall.openings import TRUSTED, Opening, Policy
from zmward.firewall.ranges import Family, Ranges
from zmward.firewall.rules import FLAGS

_ICMP: Final = {"ipv4": 1, "ipv6": 58}
_LINK_LOCAL: Final = "fe80::/10"


class Kept(msgspec.Struct, frozen=True):
    """ICMP messages without which a network breaks; `rate` limits all together.

    `errors` answer packets of connections, to which they are then related.
    """

    name: str
    family: Family
    types: tuple[int, ...]
    source: str = ""
    rate: str = ""
    errors: bool = False

    @property
    def protocol(self) -> int:
        """Return the number of the family's ICMP."""
        return _ICMP[self.family]


# RFC 4890 for IPv6; path MTU needs IPv4's type 3 and IPv6's type 2.
KEPT: Final = (
    Kept("errors and path MTU", "ipv4", (3, 11, 12), errors=True),
    Kept("ping", "ipv4", (8,), rate="50/second"),
    Kept("errors and path MTU", "ipv6", (1, 2, 3, 4), errors=True),
    Kept("ping", "ipv6", (128,), rate="50/second"),
    Kept("neighbours", "ipv6", (135, 136)),
    Kept("routers", "ipv6", (134, 137), _LINK_LOCAL),
    Kept("multicast listeners", "ipv6", (130, 131, 132, 143), _LINK_LOCAL),
)
IGMP: Final = 2


class Odd(msgspec.Struct, frozen=True):
    """TCP packets that no honest program sends: which flags count, which are set."""

    name: str
    mask: tuple[str, ...]
    wanted: tuple[str, ...]


ALL_FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
ODD: Final = (
    Odd("null scan", ALL_FLAGS, ()),
    Odd("XMAS scan", ALL_FLAGS, ("FIN", "PSH", "URG")),
    Odd("SYN and FIN", ("FIN", "SYN"), ("FIN", "SYN")),
    Odd("SYN and RST", ("SYN", "RST"), ("SYN", "RST")),
)
OPENS: Final = ("FIN", "SYN", "RST", "ACK")


def odd(flags: int) -> bool:
    """Say whether a TCP packet that belongs to no connection is dropped for flags."""
    for one in ODD:
        mask = sum(FLAGS[name] for name in one.mask)
        if flags & mask == sum(FLAGS[name] for name in one.wanted):
            return True
    return flags & sum(FLAGS[name] for name in OPENS) != FLAGS["SYN"]


class Group(msgspec.Struct, frozen=True):
    """Openings of one family for the same addresses; `name` is None for everybody."""

    name: str | None
    family: Family
    sources: Ranges
    openings: tuple[Opening, ...]
    trusted: bool


def groups(policy: Policy, family: Family) -> tuple[Group, ...]:
    """Return a policy's openings of one family, by who may use them, trusted first."""
    found: dict[tuple[bool, Ranges], list[Opening]] = {}
    for opening in policy.openings:
        if opening.sources.of(family):
            trusted = opening.zone in TRUSTED
            key = (trusted, opening.sources.of(family))
            found.setdefault(key, []).append(opening)
    taken: set[str] = set()
    made = []
    for (trusted, own), openings in found.items():
        name = None
        if not openings[0].sources.everybody(family):
            name = _unused(openings[0], taken)
        made.append(Group(name, family, own, tuple(openings), trusted))
    return tuple(sorted(made, key=lambda group: not group.trusted))


def _unused(opening: Opening, taken: set[str]) -> str:
    name = str(opening.zone)
    number = 1
    while name in taken:
        number += 1
        name = f"{opening.zone}{number}-"
    taken.add(name)
    return name


def word(text: str, longest: int) -> str:
    """Return a comment that no rule language can take for anything else."""
    plain = "".join(c if c.isprintable() and c.isascii() else " " for c in text)
    plain = plain.replace('"', "'").replace("\\", "/").replace("$", " ")
    return " ".join(plain.split())[:longest].strip()
