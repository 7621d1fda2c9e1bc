"""The report on logs as geometry: columns over time, and bars of the most."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

WIDTH: Final = 940
HEIGHT: Final = 190
LEFT, RIGHT, TOP, FLOOR = 64, 16, 14, 158
_COLUMNS: Final = 120
_HOUR: Final = 3600
# Spans that people count in, in hours.
_SPANS: Final = (1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 672)
_LABELS: Final = 8
_DAYS: Final = 3
BAR_LEFT, BAR_WIDTH, BAR_ROW = 212, 220, 24
BARS: Final = 10
_GAP: Final = 1


class Column(msgspec.Struct, frozen=True):
    """A span of time and its failures."""

    x: float
    y: float
    width: float
    height: float
    words: str


class Tick(msgspec.Struct, frozen=True):
    """A label at a place of an axis."""

    at: float
    text: str


class Times(msgspec.Struct, frozen=True):
    """Failures over time."""

    columns: tuple[Column, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    hours: int
    most: int


class Bar(msgspec.Struct, frozen=True):
    """One of the most, its length, and how grave it is."""

    y: int
    name: str
    count: str
    length: float
    verdict: str
    words: str


class Bars(msgspec.Struct, frozen=True):
    """A chart of bars."""

    bars: tuple[Bar, ...]
    height: int
    more: int


def _round(most: int) -> int:
    """Return a round number of which two make an axis that holds the most."""
    unit = 1
    while True:
        for step in (1, 2, 5):
            if step * unit * 2 >= most:
                return step * unit
        unit *= 10


def times(hours: Sequence[tuple[str, int]]) -> Times | None:
    """Return failures over time; None without any."""
    if not hours:
        return None
    stamps = [datetime.fromisoformat(when) for when, _ in hours]
    first = stamps[0]
    span = int((stamps[-1] - first).total_seconds() // _HOUR) + 1
    each = next((one for one in _SPANS if one * _COLUMNS >= span), -(-span // _COLUMNS))
    counts = [0] * -(-span // each)
    for at, (_, count) in zip(stamps, hours, strict=True):
        counts[int((at - first).total_seconds() // _HOUR) // each] += count
    step = _round(max(counts))
    width = (WIDTH - LEFT - RIGHT) / len(counts)
    begins = [first + timedelta(hours=each * n) for n in range(len(counts))]
    return Times(
        columns=tuple(
            _column(n, count, begin, (width, step * 2, each))
            for n, (count, begin) in enumerate(zip(counts, begins, strict=True))
            if count
        ),
        across=tuple(_across(begins, width)),
        up=tuple(Tick(_up(n * step, step * 2), f"{n * step:,}") for n in range(3)),
        hours=each,
        most=max(counts),
    )


def _up(count: int, top: int) -> float:
    return round(FLOOR - (FLOOR - TOP) * count / top, 1)


def _column(
    number: int, count: int, begin: datetime, scale: tuple[float, int, int]
) -> Column:
    width, top, each = scale
    # What happened once is seen, too.
    y = min(_up(count, top), FLOOR - 2.0)
    return Column(
        x=round(LEFT + number * width, 1),
        y=y,
        width=round(min(max(width - _GAP, 1), 28), 1),
        height=round(FLOOR - y, 1),
        words=f"{begin:%Y-%m-%d %H:%M}, {each} h: {count:,}",
    )


def _across(begins: Sequence[datetime], width: float) -> Iterable[Tick]:
    """Yield a label for each new day, or for each few columns of a short time."""
    new = [n for n in range(1, len(begins)) if begins[n].date() != begins[n - 1].date()]
    short = len(new) < _DAYS
    some = range(len(begins)) if short else new
    form = "%m-%d %H:%M" if short else "%m-%d"
    for number in some[:: 1 + (len(some) - 1) // _LABELS]:
        yield Tick(round(LEFT + number * width, 1), f"{begins[number]:{form}}")


def bars(rows: Sequence[tuple[str, int, str, str]]) -> Bars | None:
    """Return a bar for each name, count, verdict and words; None without any."""
    some = [row for row in rows if row[1]][:BARS]
    if not some:
        return None
    most = max(count for _, count, _, _ in some)
    return Bars(
        bars=tuple(
            Bar(
                y=number * BAR_ROW,
                name=name,
                count=f"{count:,}",
                length=round(max(BAR_WIDTH * count / most, 2), 1),
                verdict=verdict,
                words=words,
            )
            for number, (name, count, verdict, words) in enumerate(some)
        ),
        height=len(some) * BAR_ROW + 2,
        more=len([row for row in rows if row[1]]) - len(some),
    )
