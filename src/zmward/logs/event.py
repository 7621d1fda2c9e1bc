"""What happened, as one line of a log tells it."""

from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from zmward.catalog.log_pattern import Log

# A longer name is cut: an address has at most 320 letters.
LONGEST_NAME = 320
# How the client's address is known: as the peer, from a trusted proxy, not at all
# because only trusted addresses stand there, or because the line has none.
Via = Literal["direct", "proxy", "proxy-only", "none"]
# Kinds that several files may tell of.
TWICE: Final = frozenset(("failure", "unknown", "lockout", "denied"))


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing that happened; empty texts are what the line does not say.

    `key` names the attempt where several files may tell of the same one, by another
    name than its account; `origin` is the place that told it. `line` is kept for signs
    of exploitation alone; `peer` is the machine between, where it hides the client or
    announces one without being trusted.
    """

    when: float
    kind: str
    log: Log
    source: str = ""
    account: str = ""
    protocol: str = ""
    via: Via = "none"
    key: str = ""
    origin: str = ""
    line: str = ""
    half: bool = False
    peer: str = ""


# An event in its parts: when it was, what all events of its sort share, the client's
# address, the account, and the name of the attempt.
Row = tuple[float, Event, str, str, str]


def dated(when: float, what: Event, source: str, account: str, key: str) -> Event:
    """Return the event of a row."""
    return replace(what, when=when, source=source, account=account, key=key)


def row(event: Event) -> Row:
    """Return an event as a row."""
    return event.when, event, event.source, event.account, event.key


class Quiet(msgspec.Struct, frozen=True):
    """A line that was understood and tells of nothing that counts."""


QUIET = Quiet()
# A parser's answer; None is a candidate that it could not read.
Read = Event | Quiet | None
