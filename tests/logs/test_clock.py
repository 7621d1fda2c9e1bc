"""Stamps without zone, without year, and in the hour that comes twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from zmward.logs.clock import Clock

ROME = ZoneInfo("Europe/Rome")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def clock(newest: str = "2024-11-06T00:00:00+01:00") -> Clock:
    return Clock(ROME, at(newest))


def test_local_time_follows_the_season() -> None:
    one = clock()
    assert one.iso("2024-07-01 12:00:00,250") == at("2024-07-01T12:00:00.250+02:00")
    assert one.iso("2024-11-05 12:00:00,000") == at("2024-11-05T12:00:00+01:00")


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    one = clock()
    stamps = ["01:59:00", "02:10:00", "02:50:00", "02:10:00", "02:50:00", "03:01:00"]
    found = [one.iso(f"2024-10-27 {stamp},000") or 0 for stamp in stamps]
    assert found == sorted(found)
    assert found[-1] - found[0] == 2 * 3600 + 120


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        ("02:30:05+01:00", "02:30:00+01:00"),
        ("03:10:00+01:00", "02:30:00+01:00"),
        ("02:30:00.500+02:00", "02:30:00+02:00"),
        ("02:29:00+01:00", "02:30:00+02:00"),
        # So late it is only the order that tells.
        ("04:00:00+01:00", "02:30:00+02:00"),
    ],
)
def test_who_follows_knows_the_turn_by_the_time_of_day(now: str, wanted: str) -> None:
    one = Clock(ROME, at(f"2024-10-27T{now}"), live=True)
    assert one.iso("2024-10-27 02:30:00,000") == at(f"2024-10-27T{wanted}")
    one.iso("2024-10-27 02:50:00,000")
    assert one.iso("2024-03-31 02:30:00,000") == at("2024-03-31T01:30:00+00:00")


def test_the_hour_that_never_was_does_not_stop_it() -> None:
    assert clock().iso("2024-03-31 02:30:00,000") is not None


def test_a_clock_set_back_is_believed() -> None:
    one = clock()
    one.iso("2024-11-05 12:00:00,000")
    assert one.iso("2024-11-05 11:00:00,000") == at("2024-11-05T11:00:00+01:00")


def test_a_stamp_with_its_own_zone_needs_none() -> None:
    found = clock().iso("2024-11-05T10:16:20.123456+02:00")
    assert found == pytest.approx(at("2024-11-05T10:16:20.123456+02:00"))
    assert clock().iso("2024-11-05T10:16:20Z") == at("2024-11-05T10:16:20+00:00")


def test_a_stamp_without_year_is_of_the_newest_year_that_can_be() -> None:
    january = clock("2025-01-02T00:00:00+01:00")
    assert january.bsd("Dec 31 23:59:59") == at("2024-12-31T23:59:59+01:00")
    assert january.bsd("Jan  1 00:00:01") == at("2025-01-01T00:00:01+01:00")


def test_the_leap_day_is_looked_for() -> None:
    assert clock().bsd("Feb 29 10:00:00") == at("2024-02-29T10:00:00+01:00")
    later = clock("2026-11-06T00:00:00+01:00")
    assert later.bsd("Feb 29 10:00:00") == at("2024-02-29T10:00:00+01:00")


def test_nginx_says_its_zone() -> None:
    wanted = at("2024-11-05T10:15:40+01:00")
    assert clock().http("05/Nov/2024:10:15:40 +0100") == wanted
    assert clock().http("05/Nov/2024:04:15:40 -0500") == wanted


@pytest.mark.parametrize(
    "text", ["", "2024-13-05 10:00:00", "2024-11-05 25:00:00", "0000-01-01 00:00:00"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert clock().iso(text) is None
    assert clock().bsd(text) is None
    assert clock().http(text) is None


def test_what_is_nearly_a_time_is_none() -> None:
    assert clock().bsd("Foo  5 10:00:00") is None
    assert clock().bsd("Feb 31 10:00:00") is None
    assert clock().http("05/Foo/2024:10:15:40 +0100") is None
    assert clock().http("35/Nov/2024:10:15:40 +0100") is None
    assert clock().iso("2024-11-05T10:16:20+99:00") is None


def test_the_end_of_time_is_survived() -> None:
    edge = Clock(UTC, at("2024-11-06T00:00:00+00:00"))
    assert edge.iso("9999-12-31 23:59:59,999") is not None


@given(
    some.datetimes(datetime(2023, 12, 30), datetime(2024, 11, 5, 23)),  # noqa: DTZ001  # local
    some.lists(some.integers(0, 90_000), max_size=30),
)
def test_bytes_are_read_as_text_is(begin: datetime, steps: list[int]) -> None:
    """With what is remembered of minutes and days, the stamps stay the same."""
    fast, slow = clock(), clock()
    for second in sorted(steps):
        at = begin + timedelta(seconds=second)
        for shape, text in (
            ("iso", f"{at:%Y-%m-%d %H:%M:%S},{second % 1000:03}"),
            ("bsd", f"{at:%b} {at.day:2} {at:%H:%M:%S}"),
            ("iso", f"{at:%Y/%m/%d %H:%M:%S}"),
            ("iso", f"{at:%Y-%m-%dT%H:%M:%S}.5+03:00"),
        ):
            raw = text.encode()
            if "," in text:
                first = fast.log4j(raw[:16], raw[16:19], raw[20:23])
            elif "/" in text:
                first = fast.nginx(raw)
            else:
                first = fast.syslog(b"<3>" + raw + b" ", 3)
            assert first is not None
            assert fast.settle(first, fast.later) == getattr(slow, shape)(text)
