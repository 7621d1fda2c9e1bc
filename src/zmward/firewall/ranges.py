"""Sets of whole numbers as sorted ranges: addresses and ports, however many."""

import ipaddress
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Final, Literal

import msgspec

from zmward.errors import ZmwardError

Family = Literal["ipv4", "ipv6"]
Pair = tuple[int, int]

BITS: Final[dict[Family, int]] = {"ipv4": 32, "ipv6": 128}
# For so many times fewer ranges it is quicker to look each one's place up.
_FEW: Final = 16
_VERY_FEW: Final = 4
_VERSIONS: Final[dict[int, Family]] = {4: "ipv4", 6: "ipv6"}


class BadAddress(ZmwardError):
    """What should be an address or a network is none."""


class Ranges(msgspec.Struct, frozen=True, gc=False):
    """Numbers as pairs (first, last): sorted, apart from each other, both included."""

    pairs: tuple[Pair, ...] = ()

    def __bool__(self) -> bool:
        """Say whether any number is in it."""
        return bool(self.pairs)

    def __contains__(self, number: int) -> bool:
        """Say whether a number is in it."""
        place = _reaching(self.pairs, number)
        return place < len(self.pairs) and self.pairs[place][0] <= number

    def __len__(self) -> int:
        """Return how many ranges there are."""
        return len(self.pairs)

    def __or__(self, other: "Ranges") -> "Ranges":
        """Return what is in either."""
        if not self.pairs or not other.pairs:
            return self if self.pairs else other
        if self.pairs is other.pairs:
            return self
        few, many = (self, other) if len(self) <= len(other) else (other, self)
        if len(few) <= _VERY_FEW:
            return Ranges(_spliced(many.pairs, few.pairs))
        return ranges((*self.pairs, *other.pairs))

    def __and__(self, other: "Ranges") -> "Ranges":
        """Return what is in both."""
        few, many = (self, other) if len(self) <= len(other) else (other, self)
        if few.pairs and _covers(few.pairs, many.pairs):
            return many
        return Ranges(tuple(_shared(few.pairs, many.pairs)))

    def __sub__(self, other: "Ranges") -> "Ranges":
        """Return what is in this one only."""
        if not self.pairs or not other.pairs:
            return self
        if self.pairs is other.pairs or _covers(other.pairs, self.pairs):
            return NOTHING
        if len(other) <= _VERY_FEW and len(self) > _FEW:
            return Ranges(_sliced(self.pairs, other.pairs))
        return Ranges(tuple(_without(self.pairs, other.pairs)))

    def __le__(self, other: "Ranges") -> bool:
        """Say whether all of this is in the other."""
        return not self - other

    def count(self) -> int:
        """Return how many numbers are in it."""
        return sum(last - first + 1 for first, last in self.pairs)


def _covers(one: tuple[Pair, ...], other: tuple[Pair, ...]) -> bool:
    """Say whether a single range holds all of a set: to be told at once."""
    if len(one) != 1 or not other:
        return False
    return one[0][0] <= other[0][0] and other[-1][1] <= one[0][1]


def _reaching(pairs: tuple[Pair, ...], number: int) -> int:
    """Return the place of the first pair that ends at a number or behind it."""
    # A pair alone with its first number sorts before all pairs that begin there.
    place = bisect_left(pairs, (number,))
    return place - 1 if place and pairs[place - 1][1] >= number else place


def _shared(few: tuple[Pair, ...], many: tuple[Pair, ...]) -> Iterator[Pair]:
    """Yield the overlaps; each range of the few looks its place up in the many."""
    for first, last in few:
        place = _reaching(many, first)
        while place < len(many) and many[place][0] <= last:
            low, high = many[place]
            yield max(low, first), min(high, last)
            place += 1


def _sliced(pairs: tuple[Pair, ...], taken: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return what is left of many ranges without a few others."""
    for first, last in taken:
        start, end = _reaching(pairs, first), bisect_left(pairs, (last + 1,))
        if start < end:
            low, high = pairs[start][0], pairs[end - 1][1]
            before = ((low, first - 1),) if low < first else ()
            behind = ((last + 1, high),) if high > last else ()
            pairs = pairs[:start] + before + behind + pairs[end:]
    return pairs


def _spliced(pairs: tuple[Pair, ...], added: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return many ranges and a few others."""
    for first, last in added:
        # A neighbour, one number apart, becomes one range with it.
        start, end = _reaching(pairs, first - 1), bisect_left(pairs, (last + 2,))
        low = min(first, pairs[start][0]) if start < end else first
        high = max(last, pairs[end - 1][1]) if start < end else last
        pairs = (*pairs[:start], (low, high), *pairs[end:])
    return pairs


def _without(pairs: tuple[Pair, ...], taken: tuple[Pair, ...]) -> Iterator[Pair]:
    place, few = 0, len(pairs) * _FEW < len(taken)
    for first, last in pairs:
        if few:
            place = _reaching(taken, first)
        while place < len(taken) and taken[place][1] < first:
            place += 1
        start = first
        while place < len(taken) and taken[place][0] <= last:
            low, high = taken[place]
            if low > start:
                yield start, low - 1
            start = high + 1
            if high > last:
                break
            place += 1
        if start <= last:
            yield start, last


def ranges(pairs: Iterable[Pair]) -> Ranges:
    """Return the set of all pairs, in any order and overlapping as they may."""
    ordered = sorted(pairs)
    if not ordered:
        return NOTHING
    joined: list[Pair] = []
    low, high = ordered[0]
    for first, last in ordered:
        if first > last:
            raise ValueError(f"the range {first}-{last} is the wrong way round")
        if first > high + 1:
            joined.append((low, high))
            low, high = first, last
        elif last > high:
            high = last
    return Ranges((*joined, (low, high)))


def single(number: int) -> Ranges:
    """Return the set of one number."""
    return Ranges(((number, number),))


@cache
def everything(family: Family) -> Ranges:
    """Return all addresses of a family."""
    return Ranges(((0, (1 << BITS[family]) - 1),))


PORTS: Final = Ranges(((0, 65535),))
NOTHING: Final = Ranges()


# One address of IPv4, as tools print it; no leading zero, which may mean octal.
_OCTET: Final = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_QUICK: Final = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}(?:/32)?")


def network(text: str) -> tuple[Family, Pair]:
    """Read an address, a network or a range `first-last`; BadAddress for others."""
    quick = _QUICK.fullmatch(text)
    if quick:
        number = int.from_bytes(map(int, quick.groups()))
        return "ipv4", (number, number)
    return _network(text)


# An audit reads the same few texts hundreds of times.
@lru_cache(1024)
def _network(text: str) -> tuple[Family, Pair]:
    try:
        first, dash, last = text.partition("-")
        if dash:
            low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
            if low.version != high.version or int(low) > int(high):
                raise BadAddress(f"{text!r} is no range of addresses")
            return _VERSIONS[low.version], (int(low), int(high))
        found = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise BadAddress(f"{text!r} is no address and no network") from error
    pair = int(found.network_address), int(found.broadcast_address)
    return _VERSIONS[found.version], pair


def networks(texts: Iterable[str], family: Family) -> Ranges:
    """Return the addresses of one family that texts name; the other's are left out."""
    found = (network(text) for text in texts)
    return ranges(pair for kind, pair in found if kind == family)


def address(number: int, family: Family) -> str:
    """Return the text of an address."""
    kind = ipaddress.IPv4Address if family == "ipv4" else ipaddress.IPv6Address
    return str(kind(number))


def written(found: Ranges, family: Family) -> tuple[str, ...]:
    """Return a set as networks, as few as there can be."""
    kind = ipaddress.IPv4Address if family == "ipv4" else ipaddress.IPv6Address
    nets: list[str] = []
    for first, last in found.pairs:
        if first == last:
            nets.append(f"{kind(first)}/{BITS[family]}")
        else:
            pieces = ipaddress.summarize_address_range(kind(first), kind(last))
            nets += map(str, pieces)
    return tuple(nets)


def spelled(found: Ranges, family: Family) -> tuple[str, ...]:
    """Return a set with one text for each range: a network, or `first-last`."""
    kind = ipaddress.IPv4Address if family == "ipv4" else ipaddress.IPv6Address
    texts = []
    for first, last in found.pairs:
        size = last - first + 1
        if size & (size - 1) or first % size:
            texts.append(f"{kind(first)}-{kind(last)}")
        else:
            texts.append(f"{kind(first)}/{BITS[family] - size.bit_length() + 1}")
    return tuple(texts)
