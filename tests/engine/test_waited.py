"""Programs that say too much, end too late, or leave somebody behind."""

import time

import pytest

from zmward.doors import waited as module
from zmward.doors.host import Local
from zmward.doors.waited import FLOODED, TIMED_OUT, waited
from zmward.errors import Unreachable

PATIENCE = 20


def shell(text: str, **options: int) -> module.Heard:
    return waited(("sh", "-c", text), b"", 10, **options)


def test_what_a_program_says_and_how_it_ends_is_told() -> None:
    found = waited(("sh", "-c", "cat; echo no >&2; exit 7"), b"yes\n", 10)
    assert found == (7, b"yes\n", b"no\n")


@pytest.mark.parametrize("program", ["yes", "yes >&2", "trap '' 15; yes"])
def test_a_program_that_says_too_much_is_stopped_and_nothing_of_it_is_kept(
    program: str,
) -> None:
    begun = time.monotonic()
    found = shell(program, most=1 << 20)
    assert (found.code, found.out) == (FLOODED, b"")
    assert time.monotonic() - begun < PATIENCE


def test_a_file_that_grows_fills_no_memory() -> None:
    done = Local().run(("cat", "--", "/dev/zero"))
    assert (done.code, done.out) == (FLOODED, b"")
    assert "more than any program" in done.said


def test_what_is_said_up_to_the_limit_is_whole() -> None:
    found = shell("head -c 1048576 /dev/zero", most=1 << 20)
    assert (found.code, len(found.out)) == (0, 1 << 20)


def test_a_program_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GRACE", 0)
    found = waited(("sleep", "60"), b"", 0.2)
    assert (found.code, found.out) == (TIMED_OUT, b"")


def test_a_daemon_that_holds_the_output_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LAST_WORDS", 0.5)
    begun = time.monotonic()
    found = shell("setsid sleep 30 & echo started")
    assert (found.code, found.out) == (0, b"started\n")
    assert time.monotonic() - begun < PATIENCE


def test_a_program_need_not_read_what_it_is_given() -> None:
    assert waited(("true",), b"x" * (1 << 20), 10).code == 0


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(Unreachable, match="zmward-nothing is not installed"):
        waited(("zmward-nothing",), b"", 10)
