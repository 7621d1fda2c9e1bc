"""Ports as people write them: `22,80,7000-7100`."""

import re
from typing import Final

LAST: Final = 65_535
_NUMBER: Final = re.compile("[0-9]{1,5}").fullmatch


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
