"""Files below a user's folder: what he swaps while root looks is left alone."""

import getpass
import grp
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from zmward.change import FileText, Mode
from zmward.doors.files import read_file, replace_file, set_mode
from zmward.doors.host import Done, Local
from zmward.errors import Fault, Refused

ME, GROUP = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
WANTED = Mode(0o600, ME, GROUP)


@dataclass
class Racing:
    """A host where somebody is faster than our last look at a file."""

    swap: Callable[[], None]
    name: str = "here"
    streams: int = 1

    def lines(self, script: str) -> Iterator[bytes]:
        raise NotImplementedError(script)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        del user
        if argv[0] not in {"stat", "realpath"}:
            self.swap()
        return Local().run(argv, given=given, seconds=seconds)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "theirs"
    folder.mkdir()
    (folder / "file").write_text("theirs\n")
    (folder / "file").chmod(0o644)
    (tmp_path / "secret").write_text("root's\n")
    (tmp_path / "secret").chmod(0o644)
    return folder / "file"


def swapped(place: Path) -> Racing:
    def swap() -> None:
        if not place.is_symlink():
            place.unlink()
            place.symlink_to("../secret")

    return Racing(swap)


def moved_away(place: Path) -> Racing:
    def swap() -> None:
        folder = place.parent
        if not folder.is_symlink():
            folder.rename(folder.with_name("old"))
            other = folder.with_name("other")
            other.mkdir()
            (folder.parent / "secret").rename(other / "file")
            folder.symlink_to("other")

    return Racing(swap)


def other(place: Path) -> Racing:
    def swap() -> None:
        place.unlink()
        place.write_text("")
        place.chmod(0o640)

    return Racing(swap)


def test_the_mode_of_the_very_file_is_set(place: Path) -> None:
    set_mode(Local(), str(place), WANTED)
    assert place.stat().st_mode & 0o777 == 0o600
    set_mode(Local(), str(place.parent), Mode(0o750, ME, GROUP))
    assert place.parent.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("trick", [swapped, moved_away, other])
def test_a_file_that_is_swapped_before_chmod_keeps_its_mode(
    place: Path, trick: Callable[[Path], Racing]
) -> None:
    with pytest.raises(Fault):
        set_mode(trick(place), str(place), WANTED)
    for found in place.parent.parent.rglob("*"):
        assert found.is_dir() or found.stat().st_mode & 0o777 != 0o600, found


@pytest.mark.parametrize("trick", [swapped, moved_away])
def test_a_file_that_is_swapped_before_it_is_read_is_not_read(
    place: Path, trick: Callable[[Path], Racing]
) -> None:
    with pytest.raises(Fault):
        read_file(trick(place), str(place))


def test_a_file_that_would_fill_the_memory_is_not_read(place: Path) -> None:
    os.truncate(place, 100 << 30)
    with pytest.raises(Fault, match="larger than"):
        read_file(Local(), str(place))


def test_a_pipe_does_not_hold_root_up(place: Path) -> None:
    def swap() -> None:
        place.unlink()
        os.mkfifo(place)

    with pytest.raises(Fault, match="no plain file"):
        read_file(Racing(swap), str(place))


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders away")
def test_nothing_of_root_s_is_written_below_a_folder_that_a_user_can_rename(
    place: Path,
) -> None:
    os.chown(place.parent, 65534, 65534)
    inner = place.parent / "inner"
    inner.mkdir()
    with pytest.raises(Refused, match="nobody"):
        replace_file(Local(), str(inner / "x"), FileText("a\n"), token="t")
    assert not list(inner.iterdir())


def moved_to_a_disk(place: Path, link: str) -> Path:
    """Put the folder elsewhere, and a link where it was."""
    disk = place.parent.parent / "disk"
    disk.mkdir()
    place.parent.rename(disk / "theirs")
    place.parent.symlink_to(link.format(disk=disk))
    return disk / "theirs/file"


@pytest.mark.skipif(os.getuid() != 0, reason="root's links are root's to make")
@pytest.mark.parametrize(
    "link", ["{disk}/theirs", "disk/theirs", "disk/../disk/theirs"]
)
def test_a_folder_that_root_moved_to_another_disk_is_followed(
    place: Path, link: str
) -> None:
    real = moved_to_a_disk(place, link)
    path, door = str(place), Local()
    assert read_file(door, path) == FileText("theirs\n", 0o644, ME, GROUP)
    set_mode(door, path, WANTED)
    assert real.stat().st_mode & 0o777 == 0o600
    replace_file(door, path, FileText("new\n", 0o640, ME, GROUP), token="t")
    assert (real.read_text(), place.parent.is_symlink()) == ("new\n", True)
    replace_file(door, path, None, token="t")
    assert not real.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders away")
@pytest.mark.parametrize("where", ["link", "above", "loop"])
def test_a_link_that_a_user_can_swap_is_not_followed(place: Path, where: str) -> None:
    real = moved_to_a_disk(place, "{disk}/theirs")
    if where == "link":
        os.lchown(place.parent, 65534, 65534)
    elif where == "above":
        os.chown(place.parent.parent, 65534, 65534)
    else:
        (place.parent.parent / "disk/round").symlink_to("round")
        path = f"{place.parent.parent}/disk/round/file"
        with pytest.raises(Fault):
            set_mode(Local(), path, WANTED)
        return
    acts: tuple[Callable[[], object], ...] = (
        lambda: read_file(Local(), str(place)),
        lambda: set_mode(Local(), str(place), WANTED),
        lambda: replace_file(Local(), str(place), None, token="t"),
    )
    for act in acts:
        with pytest.raises(Refused, match="reached through a link"):
            act()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("theirs\n", 0o644)


def test_a_path_that_climbs_is_left_alone(place: Path) -> None:
    with pytest.raises(Refused, match="no plain path"):
        set_mode(Local(), f"{place.parent}/../theirs/file", WANTED)


def test_a_program_keeps_its_capabilities(place: Path) -> None:
    # nginx binds 443 by CAP_NET_BIND_SERVICE, which any chown takes away for ever.
    program = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)
    place.chmod(0o777)
    try:
        os.setxattr(place, "security.capability", program)
    except OSError as error:
        pytest.skip(f"no capabilities here: {error}")
    set_mode(Local(), str(place), Mode(0o755, ME, GROUP))
    assert os.getxattr(place, "security.capability") == program
    assert place.stat().st_mode & 0o7777 == 0o755
