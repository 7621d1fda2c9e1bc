"""The client's address: read right to left, past trusted addresses only.

What stands left of the first address that is not trusted was said by that client, who
may say anything.
"""

import ipaddress
from collections.abc import Iterable

from zmward.logs.event import Via

_LONGEST = 64
_KEPT = 16_384
_PARTS = 4
_OCTETS = {str(number): number for number in range(256)}


def _four(text: str) -> bool:
    """Return whether a text is IPv4 as it is usually written: the common case."""
    parts = text.split(".")
    return len(parts) == _PARTS and all(part in _OCTETS for part in parts)


def address(text: str) -> str:
    """Return an address as it is usually written, or nothing."""
    if _four(text):
        return text
    bare = text.strip().strip("[]")
    if not bare or "%" in bare:
        return ""
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(found)


def _ranges(
    some: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> tuple[tuple[int, int], ...]:
    return tuple((int(one.network_address), int(one.broadcast_address)) for one in some)


class Trusted:
    """The addresses whose word about others is taken; answers are remembered."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        own = ("127.0.0.0/8", "::1/128")
        some = [ipaddress.ip_network(one, strict=False) for one in (*own, *networks)]
        self._four = _ranges(one for one in some if one.version == _PARTS)
        self._six = _ranges(one for one in some if one.version != _PARTS)
        self._known: dict[str, tuple[str, bool]] = {}
        self._seen: dict[tuple[bytes, bytes], tuple[str, str, Via]] = {}

    def look(self, text: str) -> tuple[str, bool]:
        """Return the address as it is usually written, and whether it is trusted."""
        if len(text) > _LONGEST:
            # Longer than any address: not worth remembering.
            return "", False
        known = self._known.get(text)
        if known is None:
            known = self._judge(text)
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[text] = known
        return known

    def _judge(self, text: str) -> tuple[str, bool]:
        found = address(text)
        if not found:
            return "", False
        if ":" in found:
            number = int(ipaddress.IPv6Address(found))
            return found, any(low <= number <= high for low, high in self._six)
        first, second, third, last = found.split(".")
        number = _OCTETS[first] << 24 | _OCTETS[second] << 16
        number |= _OCTETS[third] << 8 | _OCTETS[last]
        return found, any(low <= number <= high for low, high in self._four)

    def client(self, peer: str, announced: str) -> tuple[str, Via]:
        """Return the client's address and how it is known.

        Without a peer the server has already believed who announced the rest.
        """
        if peer:
            found, trusted = self.look(peer)
            if not found:
                return "", "none"
            if not trusted:
                return found, "direct"
        elif not announced:
            return "", "none"
        for text in reversed(announced.split(",")) if announced else ():
            found, trusted = self.look(text)
            if not found:
                return "", "none"
            if not trusted:
                return found, "proxy"
        return "", "proxy-only"

    def seen(self, peer: bytes, announced: bytes) -> tuple[str, str, Via]:
        """Return the peer, the client and how it is known, as a log has them."""
        pair = (peer, announced)
        known = self._seen.get(pair)
        if known is None:
            first = peer.decode("utf-8", "backslashreplace")
            known = (first, *self.client(first, announced.decode("latin-1")))
            if len(peer) + len(announced) <= _LONGEST:
                if len(self._seen) >= _KEPT:
                    self._seen.clear()
                self._seen[pair] = known
        return known
