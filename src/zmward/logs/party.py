"""What one source or one account did, or had done to it."""

from functools import cache

import msgspec

_DAY = 86_400
_NONE: frozenset[str] = frozenset()
# More names of one day make no difference.
_MANY = 1000


@cache
def _shared(protocols: frozenset[str]) -> frozenset[str]:
    """Return the one set of these protocols, of which there are few."""
    return protocols


class Burst(msgspec.Struct, frozen=True):
    """How many failures within how many seconds are too many."""

    failures: int
    seconds: float


class Party:
    """What one source or one account did, or had done to it."""

    __slots__ = (
        *("failures", "unknown", "probes", "successes", "protocols", "first", "last"),
        *("others", "today", "day", "widest", "recent", "burst", "locked"),
    )

    def __init__(self, when: float) -> None:
        self.failures = self.unknown = self.probes = self.successes = self.locked = 0
        # Most parties are alike in theirs, and share them.
        self.protocols = _NONE
        self.first = self.last = when
        # Failures by account of a source, by source of an account.
        self.others: dict[str, int] = {}
        self.today: set[str] = set()
        self.day, self.widest = 0.0, 0
        # The times of the newest failures, until there were too many at once.
        self.recent: list[float] = []
        self.burst = False

    def seen(self, when: float, protocol: str) -> None:
        """Note when and how."""
        if when > self.last:
            self.last = when
        elif when < self.first:
            self.first = when
        if protocol and protocol not in self.protocols:
            self.protocols = _shared(self.protocols | {protocol})

    def failed(
        self,
        when: float,
        other: str,
        protocol: str,
        burst: Burst,
        room: bool,  # noqa: FBT001  # it is called so often that it counts
    ) -> bool:
        """Count a failure, with its other side; return whether that took new room."""
        if when > self.last:
            self.last = when
        elif when < self.first:
            self.first = when
        if protocol not in self.protocols and protocol:
            self.protocols = _shared(self.protocols | {protocol})
        self.failures += 1
        if not self.burst:
            recent = self.recent
            recent.append(when)
            if len(recent) >= burst.failures:
                if abs(when - recent[-burst.failures]) <= burst.seconds:
                    self.burst, self.recent = True, []
                else:
                    del recent[0]
        if not other:
            return False
        return self.met(other, when, room)

    def met(self, other: str, when: float, room: bool) -> bool:  # noqa: FBT001  # so too
        """Note the other side of a failure; return whether it took new room."""
        day, today = when // _DAY, self.today
        if day != self.day:
            self.day = day
            self.today = {other}
            self.widest = self.widest or 1
        elif other not in today and len(today) < _MANY:
            today.add(other)
            self.widest = max(self.widest, len(today))
        others = self.others
        if other in others:
            others[other] += 1
            return False
        if room:
            others[other] = 1
        return room
