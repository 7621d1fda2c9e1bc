"""What one source or one account did, or had done to it."""

from collections import deque

import msgspec

_DAY = 86_400
# More names of one day make no difference.
_MANY = 1000


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
        self.protocols: set[str] = set()
        self.first = self.last = when
        # Failures by account of a source, by source of an account.
        self.others: dict[str, int] = {}
        self.today: set[str] = set()
        self.day = 0
        self.widest = 0
        self.recent: deque[float] | None = None
        self.burst = False

    def seen(self, when: float, protocol: str) -> None:
        """Note when and how."""
        if when > self.last:
            self.last = when
        elif when < self.first:
            self.first = when
        if protocol:
            self.protocols.add(protocol)

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
        if protocol and protocol not in self.protocols:
            self.protocols.add(protocol)
        self.failures += 1
        if not self.burst:
            recent = self.recent
            if recent is None:
                recent = self.recent = deque(maxlen=burst.failures)
            recent.append(when)
            if len(recent) == burst.failures and abs(when - recent[0]) <= burst.seconds:
                self.burst, self.recent = True, None
        return bool(other) and self.met(other, when, room=room)

    def met(self, other: str, when: float, *, room: bool) -> bool:
        """Note the other side of a failure; return whether it took new room."""
        day, today = int(when // _DAY), self.today
        if day != self.day:
            self.day, self.today = day, set()
            today = self.today
        if len(today) < _MANY:
            today.add(other)
            self.widest = max(self.widest, len(today))
        others = self.others
        if other in others:
            others[other] += 1
            return False
        if room:
            others[other] = 1
        return room
