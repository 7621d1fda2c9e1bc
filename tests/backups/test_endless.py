"""Programs and streams that do not end hold nobody up, and are no bug of ours."""

import gzip
import io
import subprocess
import time
from pathlib import Path

import pytest

from zmward.doors import backup_streams, beside, produced
from zmward.doors.backup_streams import Lost, Stream
from zmward.engine.drill_part import Unfit, plain

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
