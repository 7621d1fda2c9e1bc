"""What a drill did and found: one record, that the next check and audit judge by."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from zmward.backups.listing import STATES, State

Subject = Literal["ldap", "mariadb", "account"]


class Part(msgspec.Struct, frozen=True):
    """One thing that was restored: what it held, how long it took.

    `seconds` are those of the restore itself, `fetch_seconds` those of the way out of
    the repository; `bytes` are what was read of the backup.
    """

    subject: Subject
    state: State
    text: str
    step: str = ""
    source: str = ""
    bytes: int = 0
    seconds: float = 0.0
    fetch_seconds: float = 0.0
    sha256: str = ""
    counts: dict[str, int] = {}


class Estimate(msgspec.Struct, frozen=True):
    """How long a whole restore takes, and what of that is a guess.

    `seconds` is None where not enough is known; `based_on` says what was measured and
    what was extrapolated, one sentence each.
    """

    seconds: float | None
    transfer_seconds: float | None
    based_on: tuple[str, ...] = ()


class Rehearsal(msgspec.Struct, frozen=True):
    """A drill as it is remembered; `made` is the backup's own time, empty for none."""

    schema: str
    host: str
    when: str
    copy: str
    backup: str
    made: str
    parts: tuple[Part, ...]
    estimate: Estimate
    zmward: str = ""

    def days(self, now: datetime) -> float:
        """Return how many days ago it was, below 0 for one that is still to come."""
        return (now - datetime.fromisoformat(self.when)).total_seconds() / _DAY

    def backup_days(self, now: datetime) -> float:
        """Return how many days ago the backup was made; those of the drill for none."""
        made = datetime.fromisoformat(self.made or self.when)
        return max((now - made).total_seconds() / _DAY, self.days(now))

    @property
    def state(self) -> State:
        """Return the worst state of the parts; nothing restored is unknown."""
        return worst([part.state for part in self.parts])

    @property
    def words(self) -> str:
        """Return the outcome in a few words."""
        return ", ".join(f"{p.subject} {_WORDS[p.state]}" for p in self.parts)


_DAY: Final = 86_400
# The first and last second that a date of four digits has.
_FIRST: Final = -62_135_596_800
_LAST: Final = 253_402_300_799
_WORDS: Final = {"well": "restored", "bad": "NOT restored", "unknown": "not tried"}


def worst(states: Sequence[State]) -> State:
    """Return the worst of several states; unknown where there are none."""
    return min(states, key=STATES.index, default="unknown")


def stamp(epoch: float) -> str:
    """Return a time as it is written, in UTC; one past all calendars as their end.

    Whoever owns a file can give it any time.
    """
    bounded = min(max(epoch, _FIRST), _LAST)
    return datetime.fromtimestamp(bounded, UTC).isoformat(timespec="seconds")
