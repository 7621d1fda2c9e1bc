"""Following logs that are far behind: little waits in memory, and nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.logs.files import CALLER, URL
from tests.logs.test_follow import World, line, write
from zmward.engine import follow_logs

MEGABYTES = 3 << 20


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    for name in ("mailbox.log", "nginx.access.log"):
        (tmp_path / name).touch()
    made = World(tmp_path)
    yield made
    made.follow.close()


def quiet(minute: int, length: int = MEGABYTES) -> bytes:
    """Return so many bytes of mailbox.log that tell of nothing."""
    text = f"2024-11-05 10:{minute:02}:00,000 INFO  {URL} [] soap - SearchRequest\n"
    return text.encode() * (length // len(text))


def looks(world: World) -> int:
    """Look until there is no more at once; return how often."""
    for number in range(1, 200):
        world.passed += 1
        found, more = world.follow.look()
        world.keys += [one.key for one in found]
        if not more:
            return number
    raise AssertionError


def test_what_was_written_before_the_other_log_ends_is_told(world: World) -> None:
    write(world.folder / "mailbox.log", quiet(5))
    for number in (10, 200, 400):
        write(world.path, line(number))
    world.look()
    assert world.keys == ["s10", "s200"]
    world.restart()
    looks(world)
    assert world.keys == ["s10", "s200", "s400"]


def test_little_waits_for_a_log_that_is_far_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_logs, "_MOST", 1000)
    path = world.folder / "mailbox.log"
    write(path, quiet(0, 3 * MEGABYTES) + quiet(50, 3 * MEGABYTES))
    many = 1500
    for number in range(60, many):
        write(world.path, line(number))
    most = 0
    for _ in range(20):
        # Some is written by somebody between two looks.
        for number in range(many, many + 100):
            write(world.path, line(number))
        many += 100
        world.look()
        most = max(most, len(world.follow.progress().held))
    assert 1000 <= most < 1600
    looks(world)
    assert world.keys == [f"s{number}" for number in range(60, many)]


def test_an_access_log_holds_nobody_up(world: World) -> None:
    text = (
        f'{CALLER}:1 - - [05/Nov/2024:08:00:00 +0100]  "GET / HTTP/1.1" 200 1 "-" '
        '"-" "-" "-"\n'
    ).encode()
    sign = text.replace(b"GET /", b"GET /x/sfdc_preauth.jsp")
    path = world.folder / "nginx.access.log"
    write(path, sign + text * (MEGABYTES // len(text)))
    write(world.path, line(1))
    world.look()
    assert world.keys == ["", "s1"]
    assert looks(world) > 1


def test_the_rest_of_a_rotated_file_comes_first(world: World) -> None:
    for number in range(100):
        write(world.path, line(number) + quiet(number // 60, 30_000))
    world.rename()
    write(world.path, line(101))
    world.look()
    told = [*world.keys, *(one.key for one in world.follow.progress().held)]
    assert "s101" not in told
    assert len(told) > 30
    world.restart()
    looks(world)
    assert [one for one in world.keys if one] == [f"s{n}" for n in (*range(100), 101)]


def test_lines_without_a_stamp_hold_nobody_up(world: World) -> None:
    write(
        world.folder / "mailbox.log", quiet(0)[:90] + b"\n\tat com.zimbra\n" * 200_000
    )
    write(world.path, line(1))
    world.look()
    assert world.keys == ["s1"]


@pytest.mark.parametrize("passing", [0.0, 5.0])
def test_a_line_of_many_megabytes_is_passed_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, passing: float
) -> None:
    monkeypatch.setattr("zmward.doors.log_tail._PASSING", passing)
    write(world.path, b"x" * (5 * MEGABYTES) + b"\n" + line(1))
    assert looks(world) <= (2 if passing else 20)
    assert world.keys == ["s1"]
