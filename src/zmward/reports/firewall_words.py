"""The words in which the verbs of the firewall speak of zones, cells and addresses."""

from collections.abc import Mapping
from typing import Final

from zmward.firewall.grid import Cell
from zmward.firewall.openings import EVERYBODY, FAMILIES, Kind, Sources, Zone
from zmward.firewall.ranges import Family, Ranges, everything, written
from zmward.i18n import mark

FAMILY_WORDS: Final[Mapping[Family, str]] = {"ipv4": "IPv4", "ipv6": "IPv6"}
ZONE_WORDS: Final[Mapping[Zone, str]] = {
    "internet": mark("internet"),
    "clients": mark("clients"),
    "admin": mark("admins"),
    "monitoring": mark("monitoring"),
    "cluster": mark("cluster"),
    "balancers": mark("balancers"),
    "named": mark("named"),
    "link": mark("own link"),
}
# A sign never stands alone: the legend says it in words.
CELLS: Final[Mapping[Cell, tuple[str, str]]] = {
    "open": ("●", mark("open")),
    "part": ("◐", mark("open to some of its addresses")),
    "unknown": ("?", mark("not known")),
    "closed": ("○", mark("closed")),
}
STEPS: Final[Mapping[Kind, str]] = {
    "lock-out": mark("put who must get in into networks.admins of the profile"),
    "no-admin-network": mark("name networks.admins in the profile"),
    "network": mark("correct the network in the profile"),
    "unknown-service": mark("correct the name in the profile"),
    "exposure": mark("name the few who need it in firewall.allow, or use a tunnel"),
    "undecided": mark("decide it in the profile"),
    "peer": mark("make every node resolve it alike, or name it in firewall.cluster"),
    "not-known": mark("run it as root on the node, or collect the evidence anew"),
    "listener": mark("stop the program, or decide it in the profile"),
    "forwarded": mark("look at what the containers publish"),
}
_FEW: Final = 4


def networks(found: Ranges, family: Family) -> tuple[str, ...]:
    """Return addresses of one family as a document holds them."""
    return written(found, family)


def both(found: Sources) -> tuple[str, ...]:
    """Return addresses of both families as a document holds them."""
    return tuple(net for f in FAMILIES for net in written(found.of(f), f))


def _host(net: str) -> str:
    """Return a network of one address without its length."""
    return net.removesuffix("/32") if "." in net else net.removesuffix("/128")


def some(found: Ranges, family: Family, most: int = _FEW) -> str:
    """Return who is meant in few words; a large set is counted."""
    if found == everything(family):
        return mark("everybody")
    rest = everything(family) - found
    if len(rest) and len(found) > most and len(rest) <= most:
        return f"everybody but {', '.join(map(_host, written(rest, family)))}"
    if len(found) > most:
        first = Ranges(found.pairs[:most])
        shown = ", ".join(map(_host, written(first, family)[:most]))
        left = len(found) - most
        return f"{shown} and {left} more {'ranges' if left > 1 else 'range'}"
    nets = written(found, family)
    more = f" and {len(nets) - most} more" if len(nets) > most else ""
    return ", ".join(map(_host, nets[:most])) + more


def who(found: Sources, most: int = _FEW) -> str:
    """Return both families' addresses in few words."""
    if found == EVERYBODY:
        return mark("everybody")
    parts = []
    for family in FAMILIES:
        own = found.of(family)
        if own:
            alone = own == everything(family)
            over = f" over {FAMILY_WORDS[family]}" if alone else ""
            parts.append(some(own, family, most) + over)
    return ", ".join(parts)
