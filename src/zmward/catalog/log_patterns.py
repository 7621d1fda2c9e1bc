"""What is looked for in the logs: the rows of all files, by log."""

from collections.abc import Mapping
from typing import Final

from zmward.catalog.log_audit import AUDIT
from zmward.catalog.log_edge import EDGE
from zmward.catalog.log_mailbox import MAILBOX
from zmward.catalog.log_pattern import Log, Pattern

PATTERNS: Final[tuple[Pattern, ...]] = (*AUDIT, *MAILBOX, *EDGE)


def rows(log: Log) -> tuple[Pattern, ...]:
    """Return the rows of one log, in the order in which they are tried."""
    return tuple(row for row in PATTERNS if log in row.logs)


def needles(log: Log) -> tuple[bytes, ...]:
    """Return the needles of one log, each once."""
    return tuple(dict.fromkeys(row.needle.encode() for row in rows(log)))


def by_place(log: Log) -> Mapping[str, tuple[Pattern, ...]]:
    """Return the rows of one log by category or daemon."""
    found: dict[str, list[Pattern]] = {}
    for row in rows(log):
        for place in row.place.split("|"):
            found.setdefault(place, []).append(row)
    return {place: tuple(some) for place, some in found.items()}
