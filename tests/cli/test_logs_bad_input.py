"""What is no log, or cannot be read, is said; nothing of it counts as peace."""

import gzip
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.logs.files import CALLER, failed, sasl
from zmward.catalog.log_patterns import PATTERNS
from zmward.cli.main import dispatch
from zmward.doors.log_files import LogFiles
from zmward.engine.follow_logs import Follow
from zmward.engine.log_looks import looked_at

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def said(*words: str) -> tuple[int, str]:
        code = dispatch(["logs", *words])
        out = capsys.readouterr()
        return code, " ".join((out.out + out.err).split())

    return said


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "audit.log").write_text(f"{failed(f'oip={CALLER};soapId=1;')}\n")
    return tmp_path


def test_bytes_that_are_no_log_are_no_peace(room: Path, say: Say) -> None:
    path = room / "audit.log"
    path.write_bytes(b"\x00\xff\n\x7f" * 40_000)
    code, text = say("report", "--file", str(path), "--timezone", "UTC")
    assert code == 3
    assert "does not look like this log" in text


def test_a_name_that_is_no_log_is_told_which_are(room: Path, say: Say) -> None:
    code, text = say("report", "--file", str(room / "my.log"))
    assert code == 2
    assert "audit.log, mailbox.log" in text


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--file", "there/audit.log", "No such file"),
        ("--file", "audit.log/mailbox.log", "Not a directory"),
        ("--file", "mailbox.log", "it is no file"),
        ("--dir", "nowhere", "No such file"),
        ("--dir", "audit.log", "it is no folder"),
    ],
)
def test_what_is_not_there_is_said(
    room: Path, say: Say, option: str, name: str, words: str
) -> None:
    (room / "mailbox.log").mkdir()
    verbs: list[tuple[str, ...]] = [("report",)]
    if option == "--dir":
        verbs += [("follow",), ("report", "--follow", "--json")]
    for verb in verbs:
        code, text = say(*verb, option, str(room / name))
        assert code == 2, text
        assert words in text


def test_a_folder_without_logs_is_named(room: Path, say: Say) -> None:
    (room / "empty").mkdir()
    code, text = say("report", "--dir", str(room / "empty"))
    assert code == 3
    assert f"there are none in {room / 'empty'}" in text


def test_a_broken_packing_is_no_peace(room: Path, say: Say) -> None:
    path = room / "audit.log.1.gz"
    path.write_bytes(gzip.compress(b"2024\n" * 9999)[:-9])
    code, text = say("report", "--dir", str(room), "--timezone", "UTC")
    assert code == 3
    # A long path is broken over lines, at its dots.
    joined = "".join(text.split())
    assert "".join(f"{path} ends early: its packing is damaged".split()) in joined
    assert "? no attack by these thresholds, but see the notes" in text


def test_a_pipe_or_device_holds_nobody_up(room: Path, say: Say) -> None:
    os.mkfifo(room / "mailbox.log")
    (room / "nginx.log").symlink_to("/dev/zero")
    code, _ = say("report", "--dir", str(room), "--timezone", "UTC")
    assert code == 0
    assert say("report", "--file", str(room / "nginx.log"))[0] == 2


as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


@as_user
def test_what_may_not_be_read_is_said(room: Path, say: Say) -> None:
    closed = room / "closed"
    closed.mkdir()
    (closed / "audit.log").touch()
    closed.chmod(0)
    for words in (
        ("report", "--file", str(closed / "audit.log")),
        ("report", "--dir", str(closed)),
        ("follow", "--dir", str(closed)),
        ("report", "--follow", "--json", "--dir", str(closed)),
    ):
        code, text = say(*words)
        assert code in (2, 3)
        assert "Permission denied" in text
    closed.chmod(0o700)


def test_a_note_is_told_once(room: Path) -> None:
    (room / "mailbox.log").symlink_to("mailbox.log")
    follow = Follow([room], (sys.modules["datetime"].UTC, ()))
    follow.look()
    first = follow.notes()
    follow.look()
    follow.close()
    assert len(first) == 1
    assert follow.notes() == []


@pytest.mark.parametrize(
    "log", ["audit", "mailbox", "sync", "nginx", "nginx-access", "syslog", "auth"]
)
def test_every_line_that_is_known_looks_like_its_log(log: str, tmp_path: Path) -> None:
    lines = [
        sample.line for row in PATTERNS for sample in row.samples if sample.log == log
    ]
    if log == "syslog":
        lines.append(sasl())
    for number, line in enumerate(lines):
        path = tmp_path / f"{number}.log"
        path.write_text(f"{line}\nnothing else\n")
        files = LogFiles()
        files.open(path, log)  # type: ignore[arg-type]  # one of them
        looked_at(files)
        files.close()
        assert files.notes == [], line
