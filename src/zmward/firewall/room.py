"""How full the sets of our own rules are: a full one takes no ban and counts nobody."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from zmward.firewall.loaded import sections
from zmward.firewall.render_nftables import TABLE
from zmward.sources.source import Unreadable

# So much of a set may be used.
FULL: Final = 0.8
_OURS: Final = "zmward-"
_MOST: Final = re.compile(r" maxelem ([0-9]+)")
# What ipset takes where nobody has said how many.
_USUAL: Final = 65_536


class Room(msgspec.Struct, frozen=True):
    """One set: how many elements it holds, and how many it takes."""

    name: str
    used: int
    size: int


def _sets(text: str) -> Iterator[Room]:
    for row in json.loads(text)["nftables"]:
        found: dict[str, Any] = row.get("set", {})
        place = (found.get("family"), found.get("table"))
        if place == ("inet", TABLE) and isinstance(found.get("size"), int):
            # An interval takes two places of a set in many kernels.
            each = 2 if "interval" in found.get("flags", ()) else 1
            used = each * len(found.get("elem", ()))
            yield Room(str(found["name"]), used, found["size"])


def _saved(text: str) -> Iterator[Room]:
    """Yield our sets of ipset, from what `ipset save` prints."""
    used: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) < 3 or not words[1].startswith(_OURS):  # noqa: PLR2004
            continue
        if words[0] == "create":
            most = _MOST.search(line)
            sizes[words[1]] = int(most[1]) if most else _USUAL
        elif words[0] == "add":
            used[words[1]] += 1
    yield from (Room(name, used[name], size) for name, size in sizes.items())


def rooms(answer: str) -> tuple[Room, ...]:
    """Return our sets, from what the source `firewall` answered."""
    readers = {"nft": _sets, "ipset": _saved}
    try:
        return tuple(
            room
            for name, text in sections(answer)
            if name in readers
            for room in readers[name](text)
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"nft: not a rule set: {error}") from error


def nearly_full(found: Iterable[Room]) -> tuple[Room, ...]:
    """Return the sets that are nearly full, or full."""
    return tuple(room for room in found if room.used >= FULL * room.size)
