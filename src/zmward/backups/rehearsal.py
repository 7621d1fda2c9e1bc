"""What a drill did and found: one record, that the next check and audit judge by."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from zmward.backup_places import Subject
from zmward.backups.listing import State


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
    """A drill as it is remembered; `made` is the backup's own time, empty for none.

    `notes` say in what the programs that read the backup were not shut in.
    """

    schema: str
    host: str
    when: str
    copy: str
    backup: str
    made: str
    parts: tuple[Part, ...]
    estimate: Estimate
    zmward: str = ""
    notes: tuple[str, ...] = ()


# The first and last second that a date of four digits has.
_FIRST: Final = -62_135_596_800
_LAST: Final = 253_402_300_799


def stamp(epoch: float) -> str:
    """Return a time as it is written, in UTC; one past all calendars as their end.

    Whoever owns a file can give it any time.
    """
    bounded = min(max(epoch, _FIRST), _LAST)
    return datetime.fromtimestamp(bounded, UTC).isoformat(timespec="seconds")
