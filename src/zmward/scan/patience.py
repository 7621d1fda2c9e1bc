"""How long to wait for an answer, and how many questions may go out now.

Waiting follows the measured round trips as RFC 6298 does, between bounds: a floor, as
a busy server may stall, and a ceiling, as one that drops packets never answers.
"""

from typing import Final

_UNKNOWN: Final = 0.8
_FLOORS: Final = (0.25, 0.75, 1.1)
_CEILING: Final = 2.0
# Longer than the three seconds in which Linux gives a neighbour up.
LAST: Final = 3.4
_BURST: Final = 0.01


class Patience:
    """The round trips of one address; `turn` counts how often it was asked before."""

    def __init__(self) -> None:
        self._smooth = 0.0
        self._spread = 0.0

    def heard(self, trip: float) -> None:
        """Take one round trip into account, in seconds."""
        if not self._smooth:
            self._smooth, self._spread = trip, trip / 2
            return
        self._spread += (abs(trip - self._smooth) - self._spread) / 4
        self._smooth += (trip - self._smooth) / 8

    def seconds(self, turn: int) -> float:
        """Return how long an answer is waited for."""
        if not self._smooth:
            return _UNKNOWN if turn == 0 else _CEILING
        floor = _FLOORS[min(turn, len(_FLOORS) - 1)]
        wanted = (self._smooth + 4 * self._spread) * (turn + 1)
        return min(max(wanted, floor), _CEILING)


class Allowance:
    """At most so many questions a second, in bursts of a hundredth of a second."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._held = 1.0
        self._when = now

    def slower(self) -> None:
        """Go on with half the rate, as packets get lost."""
        self._rate /= 2

    def take(self, now: float, most: int) -> int:
        """Return how many questions may go out now, at most so many."""
        burst = max(self._rate * _BURST, 1.0)
        self._held = min(self._held + (now - self._when) * self._rate, burst)
        self._when = now
        taken = min(int(self._held), most)
        self._held -= taken
        return taken

    def wait(self) -> float:
        """Return the seconds until the next question may go out."""
        return max(1 - self._held, 0.0) / self._rate
