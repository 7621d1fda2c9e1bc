"""What an administrator lays beside the logs is told by nobody a second time."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.logs.files import ROME
from tests.logs.test_follow import World, line
from zmward.doors.log_files import rotated
from zmward.engine.follow_logs import Follow, Progress

NAMES = ("audit.log.evidence", "audit.log.9", "audit.log.old.gz", "audit.log.9.gz")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.follow.close()


def copy(of: Path, name: str) -> None:
    """Copy a file, as what was written last."""
    path, text = of.with_name(name), of.read_bytes()
    if of.suffix == ".gz":
        text = gzip.decompress(text)
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    later = of.parent.joinpath("audit.log").stat().st_mtime_ns + 5
    os.utime(path, ns=(later, later))


def restart_over_rotation(world: World, *copies: tuple[str, str]) -> None:
    """Go on after a rotation, with copies of files that have such names then."""
    kept = msgspec.msgpack.encode(world.follow.progress())
    world.follow.close()
    world.line()
    world.rename()
    world.line()
    for of, name in copies:
        copy(world.folder / of, name)
    known = msgspec.msgpack.decode(kept, type=Progress)
    for spots in known.spots.values():
        # A file that was renamed is let go after a minute.
        del spots[:-1]
    world.follow = Follow([world.folder], (ROME, ()), known, lambda: world.passed)
    for _ in range(3):
        world.look()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("of", ["audit.log", "audit.log.1", "audit.log.2.gz"])
def test_a_copy_is_not_told(world: World, of: str, name: str) -> None:
    world.line()
    world.rename()
    for _ in range(2):
        world.line()
        world.look()
    restart_over_rotation(world, (of, name))
    assert world.keys == [f"s{number}" for number in range(world.written)]
    assert not world.notes


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_beside_a_file_that_is_empty_is_not_told(
    world: World, name: str
) -> None:
    world.line()
    world.look()
    world.rename()
    world.look()
    copy(world.folder / "audit.log.1", name)
    world.look()
    assert world.keys == ["s0"]


def test_what_was_rotated_twice_is_told(world: World) -> None:
    world.line()
    world.look()
    world.follow.progress()
    world.line()
    world.rename()
    restart_over_rotation(world, ("audit.log.1", "audit.log.8"))
    assert world.keys == [f"s{number}" for number in range(world.written)]


def begun_alike(folder: Path, first: bytes, packed: bytes = b"") -> tuple[str, ...]:
    """Return what is told after two rotations that nobody saw, of files alike."""
    path = folder / "audit.log"
    path.write_bytes(first + line(0) * 3)
    follow = Follow([folder], (ROME, ()), None, lambda: 0.0)
    follow.look()
    known = follow.progress()
    follow.close()
    path.rename(folder / "audit.log.2")
    os.utime(folder / "audit.log.2", (1, 1))
    if packed:
        parts = gzip.compress(first) + gzip.compress(packed)
        (folder / "audit.log.1.gz").write_bytes(parts)
    else:
        (folder / "audit.log.1").write_bytes(first + line(1))
    path.write_bytes(first + line(2))
    follow = Follow([folder], (ROME, ()), known, lambda: 0.0)
    keys = [one.key for _ in range(3) for one in follow.look()[0]]
    notes = follow.notes()
    follow.close()
    return (*keys, *notes)


def test_what_only_begins_as_another_file_is_told(tmp_path: Path) -> None:
    """Such as with the line of a log daemon that was told to begin a new file."""
    assert begun_alike(tmp_path, b"x" * 99 + b"\n") == ("s1", "s2")


def test_what_is_packed_in_parts_is_no_copy(tmp_path: Path) -> None:
    assert begun_alike(tmp_path, b"x" * 99 + b"\n", line(1)) == ("s1", "s2")


def test_what_begins_as_another_for_long_is_noted(tmp_path: Path) -> None:
    *keys, note = begun_alike(tmp_path, (b"x" * 99 + b"\n") * 50)
    assert keys == ["s2"]
    assert (
        note == f"{tmp_path}/audit.log.1 is taken for a copy: it begins as another does"
    )


def test_the_names_of_rotated_files() -> None:
    for end in (".1", "-20241105", ".2024-11-05", ".2024-11-05.1.gz", ".12.zst", ".gz"):
        assert rotated(Path(f"/x/audit.log{end}"), "audit.log")
    for end in ("", ".evidence", ".1.bak", "2", ".1.gz.part", "-before-the-attack"):
        assert not rotated(Path(f"/x/audit.log{end}"), "audit.log")
