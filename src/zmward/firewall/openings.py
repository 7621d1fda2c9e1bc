"""The firewall's policy as values: openings, problems, and where each comes from."""

from typing import Literal

import msgspec

from zmward.catalog.foreign_ports import PORTLESS
from zmward.firewall.ranges import Family, Ranges, everything
from zmward.firewall.rules import PROTOCOLS

Zone = Literal[
    "internet",
    "clients",
    "admin",
    "monitoring",
    "cluster",
    "balancers",
    "link",
    "named",
]
# Openings for these come before the bans: nobody who looks after the host or belongs
# to it can be banned.
TRUSTED: frozenset[Zone] = frozenset({"admin", "monitoring", "cluster", "link"})
# Of several names of one number the first counts.
_NAMES = {n: name for name, n in reversed(tuple({**PORTLESS, **PROTOCOLS}.items()))}
FAMILIES: tuple[Family, ...] = ("ipv4", "ipv6")


class Sources(msgspec.Struct, frozen=True):
    """Addresses of both families that may begin a connection."""

    ipv4: Ranges = Ranges()
    ipv6: Ranges = Ranges()

    def of(self, family: Family) -> Ranges:
        """Return the addresses of one family."""
        return self.ipv4 if family == "ipv4" else self.ipv6

    def everybody(self, family: Family) -> bool:
        """Say whether no address of a family is left out."""
        return self.of(family) == everything(family)

    def __bool__(self) -> bool:
        """Say whether there is any address."""
        return bool(self.ipv4 or self.ipv6)

    def __or__(self, other: "Sources") -> "Sources":
        """Return the addresses of both."""
        return Sources(self.ipv4 | other.ipv4, self.ipv6 | other.ipv6)


EVERYBODY = Sources(everything("ipv4"), everything("ipv6"))


def number(protocol: str) -> int:
    """Return the number of an IP protocol; one without a name is its number."""
    known = PORTLESS.get(protocol) or PROTOCOLS.get(protocol)
    if known is not None:
        return known
    if protocol.isascii() and protocol.isdigit():
        return int(protocol)
    raise KeyError(protocol)


def protocol(number: int) -> str:
    """Return the name of an IP protocol, else its number."""
    return _NAMES.get(number, str(number))


class Opening(msgspec.Struct, frozen=True):
    """One thing that is let in: all else is not.

    `rate` limits new connections of one source. `origin` names the row of the
    catalog, the key of the profile or the flow of the topology that asks for it.
    """

    name: str
    protocol: str
    ports: tuple[tuple[int, int], ...]
    zone: Zone
    sources: Sources
    why: str
    origin: str
    rate: str = ""
    source_port: int = 0

    @property
    def number(self) -> int:
        """Return the number of its IP protocol."""
        return number(self.protocol)


Kind = Literal[
    "lock-out",
    "no-admin-network",
    "network",
    "unknown-service",
    "exposure",
    "undecided",
    "peer",
    "not-known",
    "listener",
    "forwarded",
    "observed",
]


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a policy; one that `refuses` keeps it from being loaded."""

    kind: Kind
    subject: str
    text: str
    refuses: bool = True


class Outbound(msgspec.Struct, frozen=True):
    """One connection that this node opens: told for other firewalls, not enforced."""

    target: str
    ports: str
    why: str


class Policy(msgspec.Struct, frozen=True):
    """What one node lets in, what is wrong with that, and what it needs outside."""

    host: str
    openings: tuple[Opening, ...]
    problems: tuple[Problem, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    closed: tuple[str, ...] = ()
    bans: int = 131_072

    @property
    def refused(self) -> tuple[Problem, ...]:
        """Return the problems because of which it may not be loaded."""
        return tuple(one for one in self.problems if one.refuses)
