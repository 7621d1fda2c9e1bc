"""What another user of the administrator's machine, or a far host, tries."""

import getpass
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from zmward.change import Mode
from zmward.doors import host
from zmward.doors.files import read_mode, set_mode
from zmward.doors.host import Local, Remote
from zmward.errors import Refused, Unreachable


@pytest.fixture
def short() -> Iterator[Path]:
    """Return a folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def words(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """Put a program `ssh` first that prints its own arguments."""
    program = tmp_path / "bin/ssh"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    short.chmod(0o1777)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return monkeypatch


def control_path() -> Path | None:
    said = [line.decode().strip() for line in Remote("mail").lines("")]
    paths = [word.partition("=")[2] for word in said if word.startswith("ControlPath=")]
    return Path(paths[0]) if paths else None


@pytest.mark.usefixtures("words")
def test_the_socket_of_ssh_lies_where_no_other_user_can_put_one() -> None:
    path = control_path()
    assert path is not None
    found = path.parent.stat()
    assert found.st_mode & 0o777 == 0o700
    assert found.st_uid == os.getuid()
    assert control_path() == path


@pytest.mark.usefixtures("words")
def test_a_folder_that_others_can_write_holds_no_socket(short: Path) -> None:
    (short / f"zmward-{os.getuid()}").mkdir()
    (short / f"zmward-{os.getuid()}").chmod(0o777)
    assert control_path() is None


@pytest.mark.usefixtures("words")
def test_a_link_to_a_private_folder_holds_no_socket(short: Path) -> None:
    private = short / "private"
    private.mkdir(0o700)
    (short / f"zmward-{os.getuid()}").symlink_to(private)
    assert control_path() is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes others' folders")
@pytest.mark.parametrize("place", ["zmward-0", "runtime"])
def test_another_users_folder_holds_no_socket(
    words: pytest.MonkeyPatch, short: Path, place: str
) -> None:
    foreign = short / place
    foreign.mkdir(0o700)
    os.chown(foreign, 1, 1)
    words.setenv("XDG_RUNTIME_DIR", str(short / "runtime"))
    path = control_path()
    assert path is None or foreign not in path.parents


def test_the_folder_of_the_session_is_taken_where_it_is_private(
    words: pytest.MonkeyPatch, short: Path
) -> None:
    runtime = short / "runtime"
    runtime.mkdir(0o700)
    words.setenv("XDG_RUNTIME_DIR", str(runtime))
    path = control_path()
    assert path is not None
    assert path.parent == runtime / "zmward"


@pytest.mark.parametrize("limit", ["LARGEST", "LONGEST_LINE"])
def test_a_host_that_never_stops_talking_is_stopped(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    script = {"LARGEST": "yes", "LONGEST_LINE": "tr '\\0' x </dev/zero"}[limit]
    monkeypatch.setattr(host, limit, 1 << 20)
    with pytest.raises(Unreachable, match="more than any server"):
        for _ in host.Local().lines(script):
            pass


def test_what_a_login_shell_says_is_no_answer(
    words: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bin/runuser"
    greets = "echo welcome; line=$3; shift 6"
    program.write_text(f'#!/bin/sh\n{greets}\nexec sh -c "$line" sh "$@"\n')
    program.chmod(0o755)
    del words
    done = Local().run(("sh", "-c", "cat; echo no >&2"), given=b"yes\n", user="zimbra")
    assert (done.code, done.out, done.error) == (0, b"yes\n", b"no\n")


def test_a_mode_is_never_set_through_a_user_s_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    victim = outside / "victim"
    victim.write_text("")
    victim.chmod(0o600)
    (tmp_path / "conf").symlink_to(outside)
    if os.getuid() == 0:
        os.lchown(tmp_path / "conf", 65534, 65534)
    found = Local()
    path = f"{tmp_path}/conf/victim"
    with pytest.raises(Refused, match="through a link"):
        read_mode(found, path)
    with pytest.raises(Refused, match="through a link"):
        set_mode(found, path, Mode(0o644, getpass.getuser(), getpass.getuser()))
    assert victim.stat().st_mode & 0o777 == 0o600
