"""By when a hole must be closed, in the site's own calendar.

Low waits for a maintenance window, Medium for the end of the working week, High for
nothing; where something else keeps attackers out, High waits for the end of the
business day. All days are days of the site's time zone.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final

import msgspec

from zmward.patches.rating import Rated, Rating
from zmward.profile import WEEKDAYS, Patches

_DAY: Final = timedelta(days=1)
_WEEK: Final = 7
# Holidays are written down one by one, so nobody's go on for longer.
_LONGEST_BREAK: Final = 400


class Due(msgspec.Struct, frozen=True):
    """The last moment: a day of the site, and the hour where one is meant."""

    day: date
    at: time | None
    since: date
    overdue_days: int
    instant: datetime

    @property
    def overdue(self) -> bool:
        """Say whether the day is over."""
        return self.overdue_days > 0


def known_since(published: date | None, fixed: date | None) -> date | None:
    """Return the later of publication and release of the fix."""
    days = [day for day in (published, fixed) if day is not None]
    return max(days, default=None)


def today(now: datetime, site: Patches) -> date:
    """Return which day it is at the site."""
    return now.astimezone(site.zone).date()


def _weekday(day: date) -> str:
    return WEEKDAYS[day.weekday()]


def _works(day: date, site: Patches) -> bool:
    return _weekday(day) in site.working_days and day not in site.holidays


def _days(first: date) -> Iterator[date]:
    for number in range(_LONGEST_BREAK):
        yield first + number * _DAY


def _working_day(first: date, site: Patches) -> date:
    """Return the first working day that is not before a day."""
    return next((day for day in _days(first) if _works(day, site)), first)


def _week_begins(site: Patches) -> int:
    """Return the weekday after the longest rest of the week: there a week begins."""
    working = [name in site.working_days for name in WEEKDAYS]
    rests = {
        begin: next(
            (gone for gone in range(_WEEK) if working[(begin - 1 - gone) % _WEEK]), 0
        )
        for begin in range(_WEEK)
        if working[begin]
    }
    return max(rests, key=lambda begin: (rests[begin], -begin), default=0)


def _week_ends(first: date, site: Patches) -> date:
    """Return the last working day of the week of the next working day."""
    begin = _working_day(first, site)
    left = (_week_begins(site) - 1 - begin.weekday()) % _WEEK
    days = (begin + number * _DAY for number in range(left + 1))
    return max((day for day in days if _works(day, site)), default=begin)


def _windows(site: Patches, first: date) -> Iterator[date]:
    """Yield the days of the maintenance windows from a month on."""
    window = site.maintenance_window
    weekday = WEEKDAYS.index(window.weekday)
    year, month = first.year, first.month
    while True:
        begin = date(year, month, 1)
        day = begin + ((weekday - begin.weekday()) % _WEEK) * _DAY
        day += (window.nth - 1) * _WEEK * _DAY
        # The fifth means the last: not every month has five.
        yield day if day.month == month else day - _WEEK * _DAY
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004


def _window(since: date, not_before: date, site: Patches) -> date:
    """Return the first window after a day that is not before another."""
    found = _windows(site, since)
    return next(day for day in found if day > since and day >= not_before)


def _when(
    rating: Rating, since: date, site: Patches, *, mitigated: bool
) -> tuple[date, time | None]:
    """Return the day, and the hour where one is meant."""
    if rating is Rating.HIGH:
        if not mitigated:
            return since, None
        return _working_day(since, site), site.end_of_day
    week = _week_ends(since, site)
    if rating is Rating.LOW:
        # A window within a week of rest would make a Low due before a Medium.
        return _window(since, week, site), site.maintenance_window.begins
    return week, site.end_of_day


def due(
    rated: Rated, since: date | None, now: datetime, site: Patches, *, mitigated: bool
) -> Due | None:
    """Return by when it must be closed; None where nobody knows since when it is."""
    if since is None:
        return None
    day, at = _when(rated.treated, since, site, mitigated=mitigated)
    late = max((today(now, site) - day).days, 0)
    moment = datetime.combine(day, at or time(), tzinfo=site.zone).astimezone(UTC)
    return Due(day, at, since, late, moment)


def next_windows(now: datetime, site: Patches, count: int) -> tuple[date, ...]:
    """Return the coming maintenance windows, for pictures and for texts."""
    first = today(now, site)
    found = (day for day in _windows(site, first) if day >= first)
    return tuple(islice(found, count))
