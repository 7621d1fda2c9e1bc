"""Apply killed at a sample of moments, on a running node, and taken back four ways."""

import pytest
from lab.crash import Moment, crash, points
from lab.crash_plan import KINDS, LARGEST
from lab.crash_ways import ARMED, WAYS

from tests.lab.conftest import running

# `make proofs` dies at every point.
SAMPLE, SECONDS = 4, 12


def moments(number: int) -> list[Moment]:
    words = ["systemd-run" if n == number // 4 else "dd" for n in range(number)]
    return [Moment(n, word, n / 10) for n, word in enumerate(words)]


def test_every_moment_is_died_before_and_after() -> None:
    every = points(moments(100))
    assert len({(p.moment.number, p.side) for p in every}) == len(every) == 200
    assert {p.way for p in every} == set(WAYS)


def test_the_switch_takes_back_only_what_came_after_it() -> None:
    for point in points(moments(100)):
        if point.way in ARMED:
            assert (point.moment.number, point.side) >= (25, "after")
            assert (point.switch > 0) == (point.way == "timer")


def test_a_sample_has_all_four_ways() -> None:
    assert {point.way for point in points(moments(100), 4)} == set(WAYS)


@pytest.mark.lab
def test_apply_killed_at_a_sample_of_moments_is_taken_back() -> None:
    with running("test-crash", "default") as lab:
        result = crash([lab], SAMPLE, SECONDS)
    assert result.broken == []
    assert result.holds
    assert result.kinds == KINDS
    assert result.changes <= LARGEST
    assert result.possible == 2 * result.moments
