"""Following logs: nothing is lost and nothing told twice, however they are rotated."""

import gzip
import os
import shutil
import tempfile
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.logs.files import CALLER, ROME, STAMP, URL, failed, sasl, saslauthd
from zmward.doors.log_tail import _plain
from zmward.engine.follow_logs import Follow, Progress
from zmward.logs.event import Event


def line(number: int) -> bytes:
    stamp = f"2024-11-05 10:{number // 60 % 60:02}:{number % 60:02},000"
    return failed(f"oip={CALLER};soapId={number};", stamp=stamp).encode() + b"\n"


def write(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


class World:
    """A folder of logs, somebody who writes and rotates them, and a follower."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "audit.log"
        self.passed = 0.0
        self.keys: list[str] = []
        self.notes: list[str] = []
        self.written = 0
        self.half = b""
        self.path.touch()
        self.follow = Follow([folder], (ROME, ()), None, lambda: self.passed)

    def line(self) -> None:
        write(self.path, self.half or line(self.written))
        self.written += not self.half
        self.half = b""

    def begin(self) -> None:
        """Write half a line; the other half comes later."""
        if not self.half:
            text = line(self.written)
            self.written += 1
            write(self.path, text[:40])
            self.half = text[40:]

    def shift(self) -> Path:
        """Make room for a rotated file, as logrotate does, and pack the oldest."""
        names = [self.path.with_name(f"audit.log.{n}") for n in range(1, 20)]
        for old, new in reversed(list(pairwise(names))):
            if old.exists():
                old.rename(new)
            packed = Path(f"{old}.gz")
            if packed.exists():
                packed.rename(f"{new}.gz")
        if names[1].exists():
            status = names[1].stat()
            packed = Path(f"{names[1]}.gz")
            packed.write_bytes(gzip.compress(names[1].read_bytes()))
            os.utime(packed, ns=(status.st_atime_ns, status.st_mtime_ns))
            names[1].unlink()
        return names[0]

    def rename(self) -> None:
        if self.half:
            self.line()
        self.path.rename(self.shift())
        self.path.touch()

    def copy(self) -> None:
        if self.half:
            self.line()
        shutil.copy2(self.path, self.shift())
        os.truncate(self.path, 0)

    def look(self) -> None:
        self.passed += 1
        found, _ = self.follow.look()
        self.keys += [one.key for one in found]
        self.notes += self.follow.notes()

    def restart(self) -> None:
        kept = msgspec.msgpack.encode(self.follow.progress())
        self.follow.close()
        known = msgspec.msgpack.decode(kept, type=Progress)
        self.follow = Follow([self.folder], (ROME, ()), known, lambda: self.passed)

    def end(self) -> None:
        if self.half:
            self.line()
        for _ in range(3):
            self.look()
        self.follow.close()


STEPS = ("line", "line", "line", "begin", "rename", "copy", "look", "look", "restart")


@given(some.lists(some.sampled_from(STEPS), max_size=40))
@settings(max_examples=150, deadline=None)
def test_every_line_is_told_once(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as room:
        world = World(Path(room))
        rotated = False
        for step in steps:
            # Two rotations between two looks of a running follower are too many.
            if step in {"rename", "copy"}:
                if rotated:
                    world.look()
                rotated = True
            if step in {"look", "restart"}:
                world.look()
                rotated = False
            getattr(world, step)()
        world.end()
        assert sorted(world.keys) == sorted(f"s{n}" for n in range(world.written))
        assert not world.notes


@given(some.lists(some.sampled_from(STEPS[:6]), max_size=25), some.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_lines_of_a_time_without_us_are_found(steps: list[str], first: int) -> None:
    """Every rotation that one may think of, while nobody followed."""
    with tempfile.TemporaryDirectory() as room:
        world = World(Path(room))
        for _ in range(first):
            world.line()
        world.look()
        kept = msgspec.msgpack.encode(world.follow.progress())
        world.follow.close()
        for step in steps if first else ():
            getattr(world, step)()
        known = msgspec.msgpack.decode(kept, type=Progress)
        world.follow = Follow([world.folder], (ROME, ()), known, lambda: world.passed)
        world.end()
        assert sorted(world.keys) == sorted(f"s{n}" for n in range(world.written))


def test_what_was_there_before_us_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "audit.log").write_bytes(line(1) + line(2)[:50])
    world = World(tmp_path)
    write(world.path, line(2)[50:] + line(3))
    world.look()
    assert world.keys == ["s2", "s3"]
    world.follow.close()


def test_a_file_that_appears_later_is_read_from_its_begin(tmp_path: Path) -> None:
    world = World(tmp_path)
    (tmp_path / "sync.log").write_bytes(line(7))
    for _ in range(11):
        world.look()
    assert world.keys == ["s7"]
    world.follow.close()


def test_a_file_that_goes_and_comes_back_is_followed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.line()
    world.look()
    world.path.unlink()
    world.look()
    world.path.write_bytes(line(9))
    world.look()
    assert world.keys == ["s0", "s9"]
    world.follow.close()


def test_the_day_of_an_access_log_changes(tmp_path: Path) -> None:
    request = (
        '{}:1 - - [05/Nov/2024:10:15:40 +0100]  "GET /x/sfdc_preauth.jsp HTTP/1.1" '
        '200 1 "-" "-" "-" "-"\n'
    )
    first = tmp_path / "access_log.2024-11-05"
    first.touch()
    world = World(tmp_path)
    first.write_text(request.format(CALLER))
    world.look()
    (tmp_path / "access_log.2024-11-06").write_text(request.format(CALLER))
    for _ in range(30):
        world.look()
    assert len(world.keys) == 2
    assert len(world.follow.watched()) == 2
    world.follow.close()


def test_a_truncation_that_is_outgrown_is_noticed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.line()
    world.look()
    os.truncate(world.path, 0)
    for _ in range(3):
        world.line()
    world.look()
    assert world.keys == ["s0", "s1", "s2", "s3"]
    assert "lost" in world.notes[0]
    world.follow.close()


def test_a_hole_left_by_a_writer_is_passed(tmp_path: Path) -> None:
    """Not every writer notices that its file was truncated."""
    world = World(tmp_path)
    world.line()
    world.look()
    size = world.path.stat().st_size
    shutil.copy2(world.path, world.shift())
    os.truncate(world.path, 0)
    with world.path.open("r+b") as file:
        file.seek(size)
        file.write(line(1))
    world.look()
    assert world.keys == ["s0", "s1"]
    world.follow.close()


def test_late_lines_of_a_renamed_file_are_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.rename()
    world.look()
    write(tmp_path / "audit.log.1", line(5))
    world.line()
    world.look()
    assert sorted(world.keys) == ["s0", "s5"]
    world.follow.close()


def test_a_huge_line_is_passed(tmp_path: Path) -> None:
    world = World(tmp_path)
    for part in (b"cmd=Auth;" + b"x" * 3_000_000, b"y" * 2_000_000, b"\n" + line(1)):
        write(world.path, part)
        for _ in range(5):
            world.look()
    assert world.keys == ["s1"]
    assert world.follow.counts.unparsed == 1
    world.follow.close()


def test_a_reason_on_the_next_line_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mailbox.log").touch()
    world = World(tmp_path)
    path = tmp_path / "mailbox.log"
    head = (
        f"{STAMP} WARN  {URL} [oip={CALLER};soapId=9;] SoapEngine - handler exception"
    )
    write(path, f"{head}\n".encode())
    world.look()
    write(
        path, b"com.zimbra.common.service.ServiceException: permission denied: not an"
    )
    world.look()
    write(path, b" admin account\n")
    world.look()
    assert world.keys == ["s9"]
    write(path, f"{head}\n".encode())
    world.look()
    assert world.follow.counts.lines == 2
    # In vain: it is let go after a while.
    monkeypatch.setattr("zmward.doors.log_tail._PATIENCE", 0.0)
    world.look()
    assert world.follow.counts.lines == 3
    world.follow.close()


def test_halves_that_come_one_after_the_other_are_one(tmp_path: Path) -> None:
    (tmp_path / "zimbra.log").touch()
    world = World(tmp_path)
    found: list[Event] = []
    write(tmp_path / "zimbra.log", saslauthd("bob@example.com").encode() + b"\n")
    found += world.follow.look()[0]
    world.restart()
    write(tmp_path / "zimbra.log", sasl().encode() + b"\n")
    found += world.follow.look()[0]
    for _ in range(6):
        world.passed += 1
        found += world.follow.look()[0]
    assert [(one.source, one.account) for one in found] == [(CALLER, "bob@example.com")]
    world.follow.close()


def test_an_hour_in_a_minute(tmp_path: Path) -> None:
    """Two files tell of each failure, minutes apart in one look, with rotations."""
    for name in ("mailbox.log", "zimbra.log"):
        (tmp_path / name).touch()
    world = World(tmp_path)
    found: list[Event] = []
    for minute in range(60):
        for second in range(0, 60, 6):
            stamp = f"2024-11-05 10:{minute:02}:{second:02},000"
            context = f"oip={CALLER};soapId={minute * 60 + second};"
            write(world.path, failed(context, stamp=stamp).encode() + b"\n")
            soap = (
                f"{stamp} INFO  {URL} [{context}] SoapEngine - handler exception: "
                "authentication failed for [anna], invalid password\n"
            )
            write(tmp_path / "mailbox.log", soap.encode())
            bsd = f"Nov  5 10:{minute:02}:{second:02}"
            name = f"u{minute}.{second}@example.com"
            pair = f"{saslauthd(name, bsd)}\n{sasl(stamp=bsd)}\n"
            write(tmp_path / "zimbra.log", pair.encode())
        world.passed += 1
        found += world.follow.look()[0]
        if minute % 7 == 3:
            world.rename()
        if minute % 11 == 5:
            world.copy()
    for _ in range(6):
        world.passed += 1
        found += world.follow.look()[0]
    soap_ones = [one for one in found if one.protocol == "soap"]
    mail = [one for one in found if one.protocol == "smtp"]
    assert (len(soap_ones), len(mail)) == (600, 600)
    assert all(one.source == CALLER and one.account.startswith("u") for one in mail)
    world.follow.close()


def test_a_clock_set_back_loses_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in (500, 501, 3, 4, 502):
        write(world.path, line(number))
        world.look()
    assert world.keys == ["s500", "s501", "s3", "s4", "s502"]
    world.follow.close()


def test_the_first_line_in_the_hour_that_comes_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a quiet night the line says nothing by its order: our clock does."""
    world = World(tmp_path)
    now = datetime(2024, 10, 27, 1, 30, 2, tzinfo=UTC).timestamp()
    monkeypatch.setattr("zmward.engine.follow_logs.time.time", lambda: now)
    text = failed(f"oip={CALLER};soapId=1;", stamp="2024-10-27 02:30:00,000")
    write(world.path, f"{text}\n".encode())
    assert [one.when for one in world.follow.look()[0]] == [now - 2]
    world.follow.close()


def test_a_log_far_behind_holds_the_others_up(tmp_path: Path) -> None:
    (tmp_path / "mailbox.log").touch()
    world = World(tmp_path)
    soap = (
        "{} INFO  {} [oip={};soapId={};] SoapEngine - handler exception: authentication "
        "failed for [anna], invalid password\n"
    )
    many = 9000
    for number in range(many):
        stamp = f"2024-11-05 {10 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02},000"
        context = f"oip={CALLER};soapId={number};"
        write(world.path, failed(context, stamp=stamp).encode() + b" " * 200 + b"\n")
        write(
            tmp_path / "mailbox.log", soap.format(stamp, URL, CALLER, number).encode()
        )
    for _ in range(6):
        world.look()
    assert len(world.keys) == len(set(world.keys)) == many
    world.follow.close()


def test_a_packed_file_does_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write to the folder of logs can lay a huge one there."""
    path = tmp_path / "audit.log.1.gz"
    path.write_bytes(gzip.compress(b"\0" * (4 << 20)))
    room = os.statvfs(tmp_path)
    scarce = os.statvfs_result((4096, 4096, 512, 512, 512, *tuple(room)[5:]))
    monkeypatch.setattr(os, "fstatvfs", lambda _: scarce)
    with pytest.raises(OSError, match="No space left"):
        _plain(path)
