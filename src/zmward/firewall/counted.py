"""What the counting table holds, as `nft -jn list table` tells it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from zmward.firewall.ranges import BadAddress, network
from zmward.firewall.render_observe import COUNTERS, KINDS
from zmward.firewall.rules import PROTOCOLS
from zmward.sources.source import Unreadable


class Count(msgspec.Struct, frozen=True):
    """One row of a set: who, the numbers that tell it from others, how often.

    The numbers are protocol and port, a protocol alone, or two ports.
    """

    kind: str
    source: str
    numbers: tuple[int, ...]
    packets: int
    bytes: int


class Counted(msgspec.Struct, frozen=True):
    """All rows, the counters by name, and what found no room by kind."""

    rows: tuple[Count, ...]
    counters: Mapping[str, int]
    uncounted: Mapping[str, int]


_LONGEST: Final = {kind: 1 + types.count(".") for kind, (_, types) in KINDS.items()}


def _number(word: Any) -> int:
    """Return a protocol or port; old versions of nft name protocols all the same."""
    if isinstance(word, int) and 0 <= word < 1 << 16:
        return word
    if isinstance(word, str):
        if word.isascii() and word.isdigit():
            return _number(int(word))
        if word in PROTOCOLS:
            return PROTOCOLS[word]
    raise Unreadable(f"nft: not a number: {str(word)[:20]!r}")


def _row(kind: str, element: Any) -> Count:
    own = element["elem"]
    source, *numbers = own["val"]["concat"]
    try:
        network(source)
    except (BadAddress, AttributeError) as error:
        raise Unreadable(f"nft: not an address: {str(source)[:60]!r}") from error
    if len(numbers) != _LONGEST[kind]:
        raise Unreadable(f"nft: not a row of {kind}: {str(numbers)[:60]!r}")
    return Count(
        kind,
        source,
        tuple(map(_number, numbers)),
        int(own["counter"]["packets"]),
        int(own["counter"]["bytes"]),
    )


def _rows(found: Mapping[str, Any]) -> Iterator[Count]:
    for name, own in found.items():
        kind = name[:-1]
        if kind in KINDS:
            yield from (_row(kind, one) for one in own.get("elem", ()))


def counters(text: str) -> Mapping[str, int]:
    """Read every counter's packets; Unreadable where one is missing."""
    found: dict[str, int] = {}
    try:
        for row in msgspec.json.decode(text)["nftables"]:
            if "counter" in row:
                found[row["counter"]["name"]] = int(row["counter"]["packets"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"nft: no counters: {error}") from error
    wanted = (*COUNTERS, *(f"{kind}-full" for kind in KINDS))
    missing = [name for name in wanted if name not in found]
    if missing:
        raise Unreadable(f"nft: the counting table lacks {', '.join(missing)}")
    return found


def parse(text: str) -> Counted:
    """Read the whole table."""
    own = counters(text)
    try:
        rows = msgspec.json.decode(text)["nftables"]
        found = {row["set"]["name"]: row["set"] for row in rows if "set" in row}
        counts = tuple(_rows(found))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"nft: not the counting table: {error!r}") from error
    missing = {f"{kind}{digit}" for kind in KINDS for digit in "46"} - found.keys()
    if missing:
        raise Unreadable(f"nft: the counting table lacks {', '.join(sorted(missing))}")
    full = {kind: own[f"{kind}-full"] for kind in KINDS}
    return Counted(
        counts,
        {name: own[name] for name in COUNTERS},
        {kind: number for kind, number in full.items() if number},
    )
