"""How well the clock is kept, as chronyd tells it."""

import math

import msgspec

from zmward.sources.source import Command, Source, Unreadable

_FIELDS = 14


class Tracking(msgspec.Struct, frozen=True):
    """chronyd's view: its reference, stratum, offset in seconds, leap status."""

    reference: str
    stratum: int
    offset: float
    leap: str

    @property
    def synchronised(self) -> bool:
        """Say whether chronyd follows a source."""
        return self.stratum > 0 and self.leap != "Not synchronised"


def parse(answer: str) -> Tracking:
    """Read `chronyc -c -n tracking`: one line of comma-separated values."""
    fields = answer.strip().split(",")
    if len(fields) != _FIELDS:
        raise Unreadable(f"chronyc: not a line of tracking: {answer[:60]!r}")
    try:
        stratum, offset = int(fields[2]), float(fields[4])
    except ValueError as error:
        raise Unreadable(f"chronyc: {error}") from error
    if not math.isfinite(offset):
        raise Unreadable(f"chronyc: not an offset: {fields[4]!r}")
    return Tracking(fields[1], stratum, offset, fields[13].strip())


CLOCK = Source(
    name="chrony-tracking",
    about="The clock's offset, as chronyd knows it.",
    question=Command(("chronyc",), ("-c", "-n", "tracking"), seconds=5),
    parse=parse,
)
