"""IPv6 networks that are banned whole, since an attacker owns a /64, not one address.

Where so many addresses of a /64 are banned at once, the action bans the /64 too, until
the last of them is let go. Never one that holds an address that is not to be banned,
nor one in which strangers are neighbours by the way addresses are made.
"""

import ipaddress
from collections.abc import Iterable
from typing import Final

from zmward.bans.spared import Spared
from zmward.profile import Bans

_LENGTH: Final = 64
# IPv4 inside IPv6, translated IPv4 (RFC 6052, 8215), Teredo (RFC 4380), inner ones.
_NEVER: Final = tuple(
    map(
        ipaddress.IPv6Network,
        ("::/16", "64:ff9b::/32", "2001::/32", "fc00::/7", "fe80::/10"),
    )
)


def _written(number: int) -> str:
    groups = (number >> shift & 0xFFFF for shift in (112, 96, 80, 64))
    return f"{':'.join(f'{group:x}' for group in groups)}::/{_LENGTH}"


def network(address: str) -> str:
    """Return the /64 of an address, as the action writes it; empty where none is."""
    if ":" not in address:
        return ""
    one = ipaddress.IPv6Address(address)
    if any(one in net for net in _NEVER):
        return ""
    return _written(int(one))


def around(some: Iterable[Spared]) -> tuple[str, ...] | None:
    """Return the networks that hold somebody spared; None where a name may be any.

    A larger network that is spared needs no row: nobody in it is banned at all.
    """
    found: dict[str, None] = {}
    for one in some:
        try:
            net = ipaddress.ip_network(one.word, strict=False)
        except ValueError:
            return None
        if isinstance(net, ipaddress.IPv6Network) and net.prefixlen >= _LENGTH:
            found[_written(int(net.network_address))] = None
    return tuple(found)


class Neighbours:
    """Which addresses of a /64 are banned, and when there are too many of them."""

    def __init__(self, site: Bans, never: Iterable[str] | None) -> None:
        self._most = 0 if never is None else site.network_addresses
        self._never = frozenset(never or ())
        self._until: dict[str, dict[str, float]] = {}
        self._whole: dict[str, float] = {}

    def shut(self, address: str, when: float) -> bool:
        """Say whether the network of an address is banned."""
        return bool(self._whole) and when < self._whole.get(network(address), 0.0)

    def banned(self, address: str, when: float, until: float) -> tuple[str, float]:
        """Note a ban; return the network that is banned with it, and until when."""
        name = network(address) if self._most else ""
        if not name or name in self._never:
            return "", 0.0
        known = self._until.get(name, {})
        known = {one: end for one, end in known.items() if end > when}
        known[address] = max(until, known.get(address, 0.0))
        self._until[name] = known
        if len(known) < self._most:
            return "", 0.0
        self._whole[name] = max(known.values())
        return name, self._whole[name]
