"""The open holes as geometry: a bar each, from the day it was known to its due day."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import msgspec

from zmward.i18n import Speaker, mark
from zmward.patches.ledger import Ledger, Owed
from zmward.reports.patches_text import deadline

WIDTH: Final = 940
LEFT: Final = 170
TOP: Final = 46
_ROW: Final = 22
_MOST: Final = 40
_BACK: Final = timedelta(days=365)
_AHEAD: Final = timedelta(days=7)
_LEAST: Final = 3
_LABELS: Final = 14


class Tick(msgspec.Struct, frozen=True):
    """The first day of a month."""

    x: int
    text: str


class Bar(msgspec.Struct, frozen=True):
    """One hole: from `x` to `due` it had time, from `due` to `late` it is late.

    `before` says that it was known before the picture begins.
    """

    y: int
    id: str
    words: str
    x: int
    due: int
    late: int
    before: bool
    exploited: bool


class Timeline(msgspec.Struct, frozen=True):
    """The picture, and how many holes found no room in it."""

    width: int
    height: int
    now: int
    now_text: str
    windows: tuple[int, ...]
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    more: int


class _Scale(msgspec.Struct, frozen=True):
    """Days to places."""

    first: date
    last: date

    def x(self, day: date) -> int:
        """Return the place of a day, the border where it lies outside."""
        span = max((self.last - self.first).days, 1)
        inside = min(max((day - self.first).days, 0), span)
        return LEFT + round(inside * (WIDTH - LEFT - 20) / span)


def _scale(rows: tuple[Owed, ...], ledger: Ledger) -> _Scale:
    dues = [row.due for row in rows if row.due]
    first = min((due.since for due in dues), default=ledger.judged)
    last = max((due.day for due in dues), default=ledger.judged)
    return _Scale(
        max(first, ledger.judged - _BACK), max(last, ledger.judged, first) + _AHEAD
    )


def _months(scale: _Scale) -> Iterator[date]:
    year, month = scale.first.year, scale.first.month
    while True:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004
        day = date(year, month, 1)
        if day > scale.last:
            return
        yield day


def _ticks(scale: _Scale) -> tuple[Tick, ...]:
    months = tuple(_months(scale))
    each = 1 + len(months) // _LABELS
    return tuple(Tick(scale.x(day), f"{day:%Y-%m}") for day in months[::each])


def _bar(row: Owed, y: int, scale: _Scale, ledger: Ledger, say: Speaker) -> Bar:
    if row.due is None:
        raise ValueError("only what has a date is drawn")
    due = scale.x(row.due.day)
    return Bar(
        y=y,
        id=row.id,
        words=f"{row.id}: {row.hole.advisory.summary}: {deadline(row, say)}",
        x=scale.x(row.due.since),
        due=max(due, scale.x(row.due.since) + _LEAST),
        late=max(scale.x(ledger.judged), due + _LEAST) if row.late else 0,
        before=row.due.since < scale.first,
        exploited=row.hole.advisory.exploited,
    )


def timeline(ledger: Ledger, say: Speaker) -> Timeline | None:
    """Return the picture of the open holes that have a date; None where none has."""
    dated = tuple(row for row in ledger.open if row.due)
    rows = dated[:_MOST]
    if not rows:
        return None
    scale = _scale(rows, ledger)
    return Timeline(
        width=WIDTH,
        height=TOP + len(rows) * _ROW + 12,
        now=scale.x(ledger.judged),
        now_text=say(mark("judged {day}")).format(day=ledger.judged),
        windows=tuple(scale.x(day) for day in ledger.windows if day <= scale.last),
        ticks=_ticks(scale),
        bars=tuple(
            _bar(row, TOP + number * _ROW, scale, ledger, say)
            for number, row in enumerate(rows)
        ),
        more=len(dated) - len(rows),
    )
