"""Programs and streams that do not end hold nobody up, and are no bug of ours."""

import gzip
import io
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from zmward.backup_places import Copy
from zmward.doors import (
    backup_engines,
    backup_sinks,
    backup_streams,
    beside,
    produced,
)
from zmward.doors.backup_sinks import Label, Sink, store_paths
from zmward.doors.backup_streams import Lost, Stream
from zmward.engine.drill_part import Unfit, plain
from zmward.errors import Failed

_SILENT = ("sh", "-c", "echo a; exec >&-; sleep 60")


def test_an_engine_that_is_silent_and_does_not_end_has_lost_its_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for door in (beside, backup_streams):
        monkeypatch.setattr(door, "_WAIT", 1)
    with backup_streams._program(_SILENT) as stream:
        assert stream.read() == b"a\n"
        with pytest.raises(Lost, match="does not end"):
            stream.read()


def test_a_program_of_a_run_that_is_silent_and_does_not_end_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(beside, "_WAIT", 1)
    with produced.produced(_SILENT) as stream:
        assert stream.read() == b"a\n"
        with pytest.raises(Lost, match="does not end"):
            stream.read()


@pytest.mark.parametrize("act", ["kill -STOP 0", "while :; do echo a; sleep 0.1; done"])
def test_a_program_of_a_run_that_is_stopped_or_trickles_has_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, act: str
) -> None:
    """User zimbra may stop what runs as it; what it started ends with it."""
    monkeypatch.setattr(produced, "SILENT", 1)
    own = tmp_path / "pid"
    words = ("sh", "-c", f"sleep 60 & echo $! >{own}; {act}")
    began = time.monotonic()
    with produced.produced(words) as stream, pytest.raises(Lost, match="stopped"):
        stream.read()
    assert time.monotonic() - began < 20
    status = Path("/proc", own.read_text("ascii").strip(), "status")
    while _runs(status) and time.monotonic() - began < 20:
        time.sleep(0.05)
    assert not _runs(status)


class _Growing(io.BytesIO):
    """Complaints of a program whose child makes them longer as soon as one looks."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return a piece of them: there is no end to read to."""
        assert size is not None
        assert 0 < size <= 1 << 20
        return super().read(size)


def test_complaints_that_grow_while_they_are_read_take_no_memory() -> None:
    with subprocess.Popen(("false",)) as process:
        said = beside.failure(process, _Growing(b"a" * 5000 + b" the end"), "it")
    assert said.endswith("a the end")


def test_a_program_that_gives_little_for_ever_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(produced, "LONGEST", 2)
    monkeypatch.setattr(produced, "_PIECE", 4)
    monkeypatch.setattr(produced, "SILENT", 1.5)
    words = ("sh", "-c", "while :; do echo abc; sleep 0.2; done")
    with (
        produced.produced(words) as stream,
        pytest.raises(Lost, match="come to its end: 2 seconds"),
    ):
        list(iter(stream.read, b""))


def test_time_that_storing_takes_is_none_of_a_program_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(produced, "LONGEST", 1)
    monkeypatch.setattr(produced, "_PIECE", 4)
    with produced.produced(("sh", "-c", "echo abc; echo abc")) as stream:
        assert stream.read() == b"abc\n"
        time.sleep(1.5)
        assert stream.read() == b"abc\n"
        assert stream.read() == b""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Copy]:
    """Return what has a script of the shell stand for borg."""

    def found(script: str) -> Copy:
        own = ("sh", "-c", script)
        monkeypatch.setattr(backup_engines, "called", lambda *_, **__: own)
        return Copy("b", "borg", "/b")

    return found


def _filled(sink: Sink) -> None:
    for _ in range(100):
        sink.give(b"a" * (1 << 18))


def test_an_engine_that_stalls_holds_no_run(
    monkeypatch: pytest.MonkeyPatch, engine: Callable[[str], Copy]
) -> None:
    monkeypatch.setattr(backup_sinks, "STALLED", 0.5)
    sink = Sink(engine("exec sleep 60"), Label("h", "1"), "ldap", "x")
    began = time.monotonic()
    with pytest.raises(Failed, match="takes no more"):
        _filled(sink)
    sink.close()
    assert time.monotonic() - began < 20


def test_an_engine_that_is_slow_gets_every_byte(
    engine: Callable[[str], Copy], tmp_path: Path
) -> None:
    script = f"sleep 0.5; cat >{tmp_path}/all; echo "
    said = '\'{"archive": {"stats": {"original_size": 3000000}}}\''
    sink = Sink(engine(script + said), Label("h", "1"), "ldap", "x")
    pieces = [bytes((number,)) * 100_000 for number in range(30)]
    for piece in pieces:
        sink.give(piece)
    sink.finish()
    sink.close()
    assert (tmp_path / "all").read_bytes() == b"".join(pieces)


def test_an_engine_that_is_gone_is_told(engine: Callable[[str], Copy]) -> None:
    sink = Sink(engine("echo no store >&2; exit 2"), Label("h", "1"), "ldap", "x")
    with pytest.raises(Failed, match="no store"):
        _filled(sink)
    sink.close()


def test_folders_without_end_hold_no_run(
    monkeypatch: pytest.MonkeyPatch, engine: Callable[[str], Copy]
) -> None:
    monkeypatch.setattr(backup_sinks, "LONGEST", 0.5)
    with pytest.raises(Failed, match="does not end"):
        store_paths(engine("exec sleep 60"), Label("h", "1"), "config", ("/x",))


def _runs(status: Path) -> bool:
    try:
        return "State:\tZ" not in status.read_text("ascii")
    except OSError:
        return False


def test_a_dump_in_pieces_that_hold_nothing_is_not_followed_for_ever() -> None:
    dump = gzip.compress(b"a") + gzip.compress(b"") * 20_000 + gzip.compress(b"b")
    stream = Stream(io.BytesIO(dump), lambda: "")
    with pytest.raises(Unfit, match="hold nothing"):
        list(plain(stream, lambda _: None))
    parts = b"".join(gzip.compress(b"x" * 600) for _ in range(2000))
    whole = plain(Stream(io.BytesIO(parts), lambda: ""), lambda _: None)
    assert sum(map(len, whole)) == 1_200_000
