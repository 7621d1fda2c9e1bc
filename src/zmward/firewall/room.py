"""How full the sets of our own rules are: a full one takes no ban and counts nobody."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from zmward.firewall.loaded import sections
from zmward.firewall.render_nftables import TABLE
from zmward.sources.source import Unreadable


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
            yield Room(str(found["name"]), len(found.get("elem", ())), found["size"])


def rooms(answer: str) -> tuple[Room, ...]:
    """Return the sets of our table, from what the source `firewall` answered."""
    texts = (text for name, text in sections(answer) if name == "nft")
    try:
        return tuple(room for text in texts for room in _sets(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"nft: not a rule set: {error}") from error
