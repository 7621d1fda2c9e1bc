"""The words in which the verbs of the firewall speak of zones, cells and addresses."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from zmward.firewall.grid import Cell
from zmward.firewall.openings import EVERYBODY, FAMILIES, Kind, Sources, Zone
from zmward.firewall.ranges import Family, Ranges, everything, spelled, written
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


def both(found: Sources) -> tuple[str, ...]:
    """Return addresses of both families as networks."""
    return tuple(net for f in FAMILIES for net in written(found.of(f), f))


@lru_cache(maxsize=16)  # fifty thousand bans are missing from many services alike
def ranges_of(found: Sources) -> tuple[str, ...]:
    """Return addresses of both families as networks, and ranges that are none."""
    return tuple(text for f in FAMILIES for text in spelled(found.of(f), f))


def _host(net: str) -> str:
    """Return a network of one address without its length."""
    return net.removesuffix("/32") if "." in net else net.removesuffix("/128")


def _few(nets: tuple[str, ...], most: int) -> str:
    more = f" and {len(nets) - most} more" if len(nets) > most else ""
    return ", ".join(map(_host, nets[:most])) + more


def _left_out(found: Ranges, family: Family, most: int) -> tuple[str, ...]:
    """Return the few networks that are not meant, where that says it in less."""
    rest = everything(family) - found
    if not rest or len(rest) > most:
        return ()
    nets = written(rest, family)
    shorter = len(found) > most or len(nets) < len(written(found, family))
    return nets if shorter and len(nets) <= most else ()


def some(found: Ranges, family: Family, most: int = _FEW) -> str:
    """Return who of one family is meant in few words; a large set is counted."""
    if found == everything(family):
        return f"everybody over {FAMILY_WORDS[family]}"
    nets = _left_out(found, family, most)
    if nets:
        return f"everybody over {FAMILY_WORDS[family]} but {_few(nets, most)}"
    if len(found) <= most:
        return _few(written(found, family), most)
    shown = written(Ranges(found.pairs[:most]), family)[:most]
    left = len(found) - most
    return f"{', '.join(map(_host, shown))} and {left} more"


def who(found: Sources, most: int = _FEW) -> str:
    """Return who is meant in few words."""
    if found == EVERYBODY:
        return mark("everybody")
    left_out = [_left_out(found.of(family), family, most) for family in FAMILIES]
    if all(left_out):
        nets = tuple(net for nets in left_out for net in nets)
        return f"everybody but {_few(nets, 2 * most)}"
    parts = (some(found.of(f), f, most) for f in FAMILIES if found.of(f))
    return ", ".join(parts) or mark("nobody")
