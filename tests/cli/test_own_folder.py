"""The sample server's folder where another user has a hand in it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from zmward.cli.main import dispatch

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders away")
Break = Callable[[Path], object]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a sample that was used once."""
    found = tmp_path / "home" / "state" / "demo"
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))
    monkeypatch.setenv("ZMWARD_DEMO", str(found))
    assert dispatch(["history", "--demo"]) == 0
    return found


def listed(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def linked(path: Path) -> None:
    """Put a link in a path's place, to what was there."""
    other = path.parent.parent / f"other-{path.name}"
    path.rename(other)
    path.symlink_to(other)


def of_bin(path: Path) -> None:
    os.chown(path, 2, 2, follow_symlinks=False)


BREAKS: dict[str, tuple[Break, str]] = {
    "the folder is a link": (linked, "is a link"),
    "everybody can write": (lambda place: place.chmod(0o777), "by everybody"),
    "above it": (lambda place: place.parent.chmod(0o777), "by everybody"),
    "the world is a link": (lambda place: linked(place / "world"), "cannot be opened"),
    "the lock is a link": (lambda place: linked(place / "lock"), "cannot be opened"),
}


def of_a_group(path: Path) -> None:
    """Let a group of others write, as /var/local is on Debian."""
    os.chown(path, 0, 2)
    path.chmod(0o2775)


FOREIGN: dict[str, tuple[Break, str]] = {
    "a group": (of_a_group, "by a group of others"),
    "a group above": (lambda place: of_a_group(place.parents[1]), "by a group"),
    "the folder": (of_bin, "belongs to another user"),
    "a folder above": (lambda place: of_bin(place.parents[1]), "another user"),
    "the world": (lambda place: of_bin(place / "world"), "no plain file of yours"),
    "the lock": (lambda place: of_bin(place / "lock"), "no plain file of yours"),
}


def refused(place: Path, capsys: pytest.CaptureFixture[str], words: str) -> None:
    before = listed(place.parents[1])
    world = (place / "world").read_bytes()
    capsys.readouterr()
    for verb in ("history", "audit"):
        assert dispatch([verb, "--demo"]) == 4
        assert words in capsys.readouterr().err
    assert listed(place.parents[1]) == before
    assert (place / "world").read_bytes() == world


@pytest.mark.parametrize("name", BREAKS)
def test_a_folder_in_which_others_have_a_hand_is_not_used(
    place: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    act, words = BREAKS[name]
    act(place)
    refused(place, capsys, words)


@as_root
@pytest.mark.parametrize("name", FOREIGN)
def test_root_trusts_nothing_of_another_user(
    place: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    act, words = FOREIGN[name]
    act(place)
    refused(place, capsys, words)


@as_root
def test_root_makes_no_folder_in_another_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "theirs"
    home.mkdir()
    of_bin(home)
    monkeypatch.delenv("ZMWARD_DEMO", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    assert dispatch(["history", "--demo"]) == 4
    assert not any(home.iterdir())


def test_a_pipe_in_the_worlds_place_holds_nobody_up(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "world").unlink()
    os.mkfifo(place / "world")
    assert dispatch(["history", "--demo"]) == 4
    assert "no plain file" in capsys.readouterr().err


def test_a_link_of_ones_own_on_the_way_is_followed(place: Path) -> None:
    linked(place.parent)
    assert dispatch(["history", "--demo"]) == 0
