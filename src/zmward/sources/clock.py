"""How well the clock is kept, as chronyd tells it."""

import math

import msgspec

from zmward.sources.source import Command, Source, Unreadable

_FIELDS = 14
# 127.127.1.1: the reference of chronyd's `local` directive.
_ITSELF = "7F7F0101"


class Tracking(msgspec.Struct, frozen=True):
    """chronyd's view: its reference, stratum, offset in seconds, leap status.

    `heard` is when a source was heard last (epoch), `pause` the seconds between.
    """

    reference: str
    stratum: int
    offset: float
    leap: str
    heard: float = 0.0
    pause: float = 0.0
    itself: bool = False

    @property
    def synchronised(self) -> bool:
        """Say whether chronyd follows a source, one other than its own clock."""
        return self.stratum > 0 and self.leap != "Not synchronised" and not self.itself


def parse(answer: str) -> Tracking:
    """Read `chronyc -c -n tracking`: one line of comma-separated values."""
    fields = answer.strip().split(",")
    if len(fields) != _FIELDS:
        raise Unreadable(f"chronyc: not a line of tracking: {answer[:60]!r}")
    try:
        stratum, offset = int(fields[2]), float(fields[4])
        heard, pause = float(fields[3]), float(fields[12])
    except ValueError as error:
        raise Unreadable(f"chronyc: {error}") from error
    if not all(map(math.isfinite, (offset, heard, pause))):
        raise Unreadable(f"chronyc: not a number: {answer[:60]!r}")
    leap = fields[13].strip()
    itself = fields[0].upper() == _ITSELF
    return Tracking(fields[1], stratum, offset, leap, heard, pause, itself)


CLOCK = Source(
    name="chrony-tracking",
    about="The clock's offset, as chronyd knows it.",
    question=Command(("chronyc",), ("-c", "-n", "tracking"), seconds=5),
    parse=parse,
)
