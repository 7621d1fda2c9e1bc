"""Port numbers as people read and write them: 25, 80, 110-143."""

import re
from collections.abc import Iterable
from typing import Final

LAST: Final = 65_535
_NUMBER: Final = re.compile("[0-9]{1,5}").fullmatch


def spans(ports: Iterable[int]) -> str:
    """Return ports in order, neighbours joined; `none` where there are none."""
    found: list[tuple[int, int]] = []
    for port in sorted(set(ports)):
        if found and port == found[-1][1] + 1:
            found[-1] = (found[-1][0], port)
        else:
            found.append((port, port))
    shown = (str(a) if a == b else f"{a}-{b}" for a, b in found)
    return ", ".join(shown) or "none"


def numbers(words: str) -> tuple[int, ...]:
    """Read ranges; raise ValueError that names what is none."""
    found: set[int] = set()
    for word in words.split(","):
        first, dash, last = word.strip().partition("-")
        if not _NUMBER(first) or (dash and not _NUMBER(last)):
            raise ValueError(f"{word.strip()!r} is no port and no range of ports")
        low, high = int(first), int(last) if dash else int(first)
        if not 0 < low <= high <= LAST:
            raise ValueError(f"{word.strip()!r} is no port and no range of ports")
        found.update(range(low, high + 1))
    return tuple(sorted(found))
