"""Due dates: the laws that every calendar obeys, and days that people could count."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.patches.due import Due, due, known_since, next_windows
from zmward.patches.rating import Basis, Rated, Rating, rated, score
from zmward.profile import WEEKDAYS, Patches, Window

HIGH, MEDIUM, LOW, UNRATED = (
    Rated(rating, Basis.CVSS)
    for rating in (Rating.HIGH, Rating.MEDIUM, Rating.LOW, Rating.UNRATED)
)
ZONES = ("UTC", "Europe/Vienna", "America/New_York", "Pacific/Apia", "Asia/Kathmandu")
days = st.dates(date(2009, 1, 1), date(2040, 1, 1))
hours = st.times().map(lambda at: f"{at:%H:%M}")
windows = st.builds(
    Window, weekday=st.sampled_from(WEEKDAYS), nth=st.integers(1, 5), time=hours
)
working = st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(tuple)


@st.composite
def calendars(draw: st.DrawFn, around: date) -> Patches:
    """Return a site's calendar with holidays near a day, in rows of any length."""
    off = draw(st.sets(st.integers(-10, 40), max_size=25))
    return Patches(
        time_zone=draw(st.sampled_from(ZONES)),
        working_days=draw(working),
        business_day_ends=draw(hours),
        maintenance_window=draw(windows),
        holidays=tuple(around + timedelta(days=number) for number in off),
    )


def at(rating: Rated, since: date, site: Patches, *, mitigated: bool = False) -> Due:
    now = datetime(2040, 1, 1, tzinfo=UTC)
    found = due(rating, since, now, site, mitigated=mitigated)
    assert found is not None
    return found


@given(st.data(), days)
def test_nothing_is_due_before_it_is_known(data: st.DataObject, since: date) -> None:
    site = data.draw(calendars(since))
    for rating in (HIGH, MEDIUM, LOW, UNRATED):
        for mitigated in (False, True):
            assert at(rating, since, site, mitigated=mitigated).day >= since


@given(st.data(), days)
def test_what_is_worse_is_never_due_later(data: st.DataObject, since: date) -> None:
    site = data.draw(calendars(since))
    order = (
        at(HIGH, since, site),
        at(HIGH, since, site, mitigated=True),
        at(MEDIUM, since, site),
        at(LOW, since, site),
    )
    assert [one.day for one in order] == sorted(one.day for one in order)


@given(st.data(), days)
def test_what_is_known_later_is_never_due_earlier(
    data: st.DataObject, since: date
) -> None:
    site = data.draw(calendars(since))
    later = since + timedelta(days=1)
    for rating in (HIGH, MEDIUM, LOW):
        assert at(rating, later, site).day >= at(rating, since, site).day


@given(st.data(), days)
def test_medium_ends_on_a_working_day_of_a_week(
    data: st.DataObject, since: date
) -> None:
    site = data.draw(calendars(since))
    day = at(MEDIUM, since, site).day
    assert WEEKDAYS[day.weekday()] in site.working_days
    assert day not in site.holidays
    assert day - since <= timedelta(days=40 + 14)


@given(st.data(), days)
def test_low_is_due_in_a_window_after_it_is_known(
    data: st.DataObject, since: date
) -> None:
    site = data.draw(calendars(since))
    found = at(LOW, since, site)
    window = site.maintenance_window
    assert found.day > since
    assert WEEKDAYS[found.day.weekday()] == window.weekday
    week = (found.day.day - 1) // 7 + 1
    last = (found.day + timedelta(days=7)).month != found.day.month
    assert week == window.nth or (window.nth == 5 and last)


@given(st.data(), days)
def test_without_a_rating_the_time_of_medium_counts(
    data: st.DataObject, since: date
) -> None:
    site = data.draw(calendars(since))
    assert at(UNRATED, since, site) == at(MEDIUM, since, site)


def test_nobody_invents_a_date() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert due(HIGH, None, now, Patches(), mitigated=False) is None
    assert known_since(None, None) is None


def test_it_is_known_from_the_later_of_publication_and_fix() -> None:
    early, late = date(2026, 7, 20), date(2026, 8, 13)
    assert known_since(early, late) == known_since(late, early) == late
    assert known_since(None, early) == known_since(early, None) == early


def test_holidays_in_a_row_move_a_mitigated_high() -> None:
    off = (date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 28))
    found = at(HIGH, date(2026, 12, 24), Patches(holidays=off), mitigated=True)
    assert (found.day, found.at) == (date(2026, 12, 29), time(17))
    assert at(HIGH, date(2026, 12, 24), Patches(holidays=off)).day == off[0]


def test_a_week_of_holidays_is_no_working_week() -> None:
    off = tuple(date(2026, 12, 28) + timedelta(days=n) for n in range(5))
    assert at(MEDIUM, date(2026, 12, 28), Patches(holidays=off)).day == date(2027, 1, 8)


def test_a_week_from_sunday_to_thursday_ends_on_thursday() -> None:
    site = Patches(working_days=("Sun", "Mon", "Tue", "Wed", "Thu"))
    assert at(MEDIUM, date(2026, 9, 25), site).day == date(2026, 10, 1)
    assert at(MEDIUM, date(2026, 10, 4), site).day == date(2026, 10, 8)


@pytest.mark.parametrize(
    ("now", "zone", "late"),
    [
        ("2026-10-25T22:30:00+00:00", "Europe/Vienna", 2),
        ("2026-10-25T23:30:00+00:00", "Europe/Vienna", 3),
        ("2026-10-10T09:00:00+00:00", "Pacific/Honolulu", 0),
    ],
)
def test_days_late_are_days_of_the_site(now: str, zone: str, late: int) -> None:
    site = Patches(time_zone=zone)
    since = date(2026, 10, 23) if zone.startswith("Europe") else date(2026, 10, 9)
    found = due(HIGH, since, datetime.fromisoformat(now), site, mitigated=False)
    assert found is not None
    assert (found.overdue_days, found.overdue) == (late, late > 0)


def test_a_window_on_the_day_on_which_it_is_known_is_too_soon() -> None:
    site = Patches(maintenance_window=Window(weekday="Fri", nth=3))
    assert at(LOW, date(2026, 11, 20), site).day == date(2026, 12, 18)


def test_the_hour_of_a_window_follows_summer_time() -> None:
    window = Window(weekday="Sun", nth=5, time="02:30")
    site = Patches(time_zone="Europe/Vienna", maintenance_window=window)
    spring = at(LOW, date(2026, 3, 16), site)
    autumn = at(LOW, date(2026, 10, 12), site)
    # That night has no half past two: the clock's reading before the jump counts.
    assert spring.instant == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert autumn.instant == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_windows_are_told_in_advance() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert next_windows(now, Patches(), 2) == (date(2026, 11, 21), date(2026, 12, 19))


@pytest.mark.parametrize(
    ("vendor", "number", "exploited", "expected"),
    [
        ("Low", 9.8, False, (Rating.LOW, Basis.VENDOR)),
        ("Major", None, False, (Rating.HIGH, Basis.VENDOR)),
        ("minor", None, True, (Rating.HIGH, Basis.EXPLOITED)),
        (None, 3.9, False, (Rating.LOW, Basis.CVSS)),
        (None, 4.0, False, (Rating.MEDIUM, Basis.CVSS)),
        ("", 6.9, False, (Rating.MEDIUM, Basis.CVSS)),
        ("soon", 7.0, False, (Rating.HIGH, Basis.CVSS)),
        (None, 11.0, False, (Rating.UNRATED, Basis.NOBODY)),
        (None, float("nan"), False, (Rating.UNRATED, Basis.NOBODY)),
        (None, None, False, (Rating.UNRATED, Basis.NOBODY)),
    ],
)
def test_the_vendor_counts_before_cvss_and_attacks_before_both(
    vendor: str | None,
    number: float | None,
    *,
    exploited: bool,
    expected: tuple[Rating, Basis],
) -> None:
    found = rated(vendor, number, exploited=exploited)
    assert (found.rating, found.basis) == expected


def test_vectors_are_scored() -> None:
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    assert score(vector) == 9.8
    assert score("AV:N/AC:L/Au:N/C:P/I:P/A:P") == 7.5
    assert (
        score("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N") == 9.3
    )
    assert score("CVSS:9.9/none") is None
    assert rated(None, None, exploited=False, vector=vector).rating is Rating.HIGH


@pytest.mark.parametrize(
    "table",
    [
        {"time-zone": "Europe/Atlantis"},
        {"time-zone": "../../etc/passwd"},
        {"working-days": []},
        {"working-days": ["Caturday"]},
        {"business-day-ends": "25:00"},
        {"maintenance-window": {"weekday": "Sat", "nth": 6, "time": "22:00"}},
        {"catalog-keys": ["AAAA"]},
        {"catalog-keys": ["not base64"]},
    ],
)
def test_a_calendar_that_is_none_is_refused(table: dict[str, object]) -> None:
    with pytest.raises((msgspec.ValidationError, ValueError)):
        msgspec.convert(table, Patches)
