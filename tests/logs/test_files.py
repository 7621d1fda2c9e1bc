"""Log files as they lie about: packed, rotated while read, broken, half-written."""

import bz2
import gzip
import lzma
import os
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.logs.files import CALLER, ROME, failed, place
from zmward.doors.log_files import LogFiles, NoFile, kind, named, plain
from zmward.engine.log_pieces import Asked, Reader, Task
from zmward.engine.log_readers import Workers
from zmward.engine.read_logs import Reading
from zmward.errors import Incomplete
from zmward.logs.candidates import LONGEST, candidates
from zmward.logs.reading import Counts, events

ALWAYS = Asked(ROME, (), 0.0, 4e9)


def line(number: int) -> str:
    second = f"{number // 60 % 60:02}:{number % 60:02}"
    return failed(f"oip={CALLER};soapId={number};", stamp=f"2024-11-05 10:{second},000")


def text(first: int, last: int) -> bytes:
    return "".join(f"{line(number)}\n" for number in range(first, last)).encode()


def reading(folder: Path) -> tuple[list[str], LogFiles, Reading]:
    files = LogFiles()
    files.folder(folder, 0.0)
    whole = Reading(files, ALWAYS)
    return [event.key for event in whole.events()], files, whole


@pytest.mark.parametrize(
    ("end", "pack"),
    [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)],
)
def test_packed_files_are_read(
    tmp_path: Path, end: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"audit.log.2024-11-04{end}"
    path.write_bytes(pack(text(0, 5)))
    os.utime(path, (1_730_790_000, 1_730_790_000))
    (tmp_path / "audit.log").write_bytes(text(5, 8))
    keys, files, _ = reading(tmp_path)
    assert keys == [f"s{n}" for n in range(8)]
    assert not files.unread


def test_a_damaged_packing_is_said(tmp_path: Path) -> None:
    (tmp_path / "audit.log.1.gz").write_bytes(gzip.compress(text(0, 500))[:-200])
    _, files, _ = reading(tmp_path)
    assert files.unread == 1
    assert "ends early" in files.notes[0]


def hungry(packed: bytes) -> bytes:
    """Return a file of xz that says that its dictionary is 1.5 GiB large."""
    end = 12 + (packed[12] + 1) * 4
    header = bytearray(packed[12 : end - 4])
    assert header[2:4] == b"\x21\x01"
    header[4] = 37
    number = zlib.crc32(header).to_bytes(4, "little")
    return packed[:12] + bytes(header) + number + packed[end:]


def test_xz_is_not_given_all_the_memory_that_it_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "audit.log.1.xz"
    path.write_bytes(lzma.compress(text(0, 5), preset=9))
    keys, files, _ = reading(tmp_path)
    assert len(keys) == 5
    path.write_bytes(hungry(lzma.compress(text(0, 5))))
    keys, files, _ = reading(tmp_path)
    assert keys == []
    assert files.notes == [
        f"{path} cannot be read: it takes more than 96 MiB of memory to unpack it"
    ]


@given(some.lists(some.tuples(some.integers(0, 30), some.integers(0, 3)), min_size=1))
@settings(max_examples=30, deadline=None)
def test_several_streams_of_xz_are_one_file(parts: list[tuple[int, int]]) -> None:
    packed, begin = b"", 0
    for count, zeros in parts:
        packed += lzma.compress(text(begin, begin + count)) + bytes(4 * zeros)
        begin += count
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "audit.log.1.xz"
        path.write_bytes(packed)
        keys, files, _ = reading(Path(room))
        assert keys == [f"s{n}" for n in range(begin)]
        assert not files.notes
        path.write_bytes(packed.rstrip(b"\0")[:-5])
        _, files, _ = reading(Path(room))
        assert len(files.notes) == 1


def zstd(content: bytes) -> bytes:
    done = subprocess.run(
        ["zstd", "-cq"], input=content, capture_output=True, check=True
    )
    return done.stdout


@pytest.mark.skipif(shutil.which("zstd") is None, reason="zstd is not installed")
def test_zstd_is_read_by_its_program(tmp_path: Path) -> None:
    packed = zstd(text(0, 9000))
    (tmp_path / "audit.log.1.zst").write_bytes(packed)
    keys, files, _ = reading(tmp_path)
    assert keys == [f"s{n}" for n in range(9000)]
    assert not files.unread
    (tmp_path / "audit.log.1.zst").write_bytes(packed[:-9])
    _, files, _ = reading(tmp_path)
    assert files.unread == 1
    assert "ends early" in files.notes[0]


def test_without_the_program_zstd_is_said_and_not_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (tmp_path / "audit.log.1.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(9))
    _, files, _ = reading(tmp_path)
    assert files.unread == 1
    assert "the program zstd is not installed" in files.notes[0]


def test_a_half_written_line_is_left(tmp_path: Path) -> None:
    (tmp_path / "audit.log").write_bytes(text(0, 3)[:-1])
    assert reading(tmp_path)[0] == ["s0", "s1"]


def test_a_renamed_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(text(0, 3))
    files = LogFiles()
    files.folder(tmp_path, 0.0)
    path.rename(tmp_path / "audit.log.1")
    path.write_bytes(text(3, 5))
    files.folder(tmp_path, 0.0)
    keys = [event.key for event in Reading(files, ALWAYS).events()]
    assert sorted(keys) == [f"s{n}" for n in range(5)]


def test_a_truncated_file_goes_on_in_its_copy(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    whole = text(0, 20_000)
    path.write_bytes(whole)
    files = LogFiles()
    files.folder(tmp_path, 0.0)
    found = Reading(files, ALWAYS).events()
    keys = [next(found).key]
    (tmp_path / "audit.log.1").write_bytes(whole)
    os.truncate(path, 0)
    keys += [event.key for event in found]
    assert keys == [f"s{n}" for n in range(20_000)]
    assert not files.unread


def test_a_truncation_without_copy_is_said(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(text(0, 20_000))
    files = LogFiles()
    files.folder(tmp_path, 0.0)
    found = Reading(files, ALWAYS).events()
    next(found)
    os.truncate(path, 0)
    list(found)
    assert files.unread == 1
    assert "truncated" in files.notes[0]


def test_zeros_left_by_a_truncation_are_no_line(tmp_path: Path) -> None:
    (tmp_path / "audit.log").write_bytes(bytes(3_000_000) + text(0, 2))
    assert reading(tmp_path)[0] == ["s0", "s1"]


def test_a_line_of_many_megabytes_costs_only_itself(tmp_path: Path) -> None:
    huge = b"cmd=Auth;" + b"x" * 9_000_000 + b"\n"
    (tmp_path / "audit.log").write_bytes(text(0, 2) + huge + text(2, 4))
    keys, _, whole = reading(tmp_path)
    assert keys == ["s0", "s1", "s2", "s3"]
    assert whole.counts.unparsed == 1
    assert whole.counts.lines == 5


def test_a_pipe_does_not_hold_us_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "audit.log")
    assert reading(tmp_path)[0] == []


def test_nor_does_one_beside_a_log_that_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(text(0, 9))
    files = LogFiles()
    files.open(path, "audit")
    path.write_bytes(b"")
    os.mkfifo(tmp_path / "audit.log.1")
    assert files.piece(files.opened[0], 0, 1 << 20).block == b""
    assert files.notes
    files.close()


@pytest.mark.parametrize("name", ["/dev/null", "/", "/dev/tty"])
def test_what_is_no_file_is_not_opened(name: str) -> None:
    with pytest.raises(NoFile):
        plain(Path(name))


def test_a_reader_that_died_is_no_end_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(text(0, 9))
    files = LogFiles()
    files.open(path, "audit")
    workers = Workers(Reader(files, ALWAYS), 1)
    (worker,) = workers._workers  # whom nobody else can name
    worker.process.kill()
    worker.process.join()
    with pytest.raises(Incomplete):
        workers.begin(Task(0, 0, 9))
    workers.close()
    files.close()


def test_two_processes_find_what_one_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "audit.log").write_bytes(text(0, 9000))
    (tmp_path / "sync.log").write_bytes(text(9000, 12_000))
    (tmp_path / "mailbox.log").write_bytes(b"authentication failed for [\n" * 3)
    one, _, alone = reading(tmp_path)
    monkeypatch.setattr("zmward.engine.read_logs._WORTH", 1)
    two, _, paired = reading(tmp_path)
    assert sorted(one) == sorted(two)
    sums = [
        (r.counts.lines, r.counts.candidates, r.counts.unparsed)
        for r in (alone, paired)
    ]
    assert sums[0] == sums[1] == (12_003, 12_003, 3)


@pytest.mark.parametrize(
    ("name", "log"),
    [
        ("audit.log", "audit"),
        ("audit.log.2024-11-05", "audit"),
        ("audit.log.2024-11-05.gz", "audit"),
        ("nginx.access.log-20241105", "nginx-access"),
        ("nginx.log.1", "nginx"),
        ("access_log.2024-11-05", "access"),
        ("zimbra.log.2.gz", "syslog"),
        ("zimbra-stats.log", None),
        ("audit.log.swp", None),
        ("myaudit.log", None),
    ],
)
def test_files_are_known_by_name(name: str, log: str | None) -> None:
    assert kind(Path(name)) == log


def test_a_person_may_call_a_copy_anything() -> None:
    assert named(Path("audit.log-from-monday")) == "audit"
    assert named(Path("letter.txt")) is None


@given(some.lists(some.binary(max_size=40), max_size=20))
def test_every_candidate_is_a_line_and_found_once(raw: list[bytes]) -> None:
    lines = [one.replace(b"\n", b"") for one in raw]
    block = b"".join(one + b"\n" for one in lines)
    words = (b"a", b"\0", b"bc")
    found = list(candidates(block, words))
    assert found == [one for one in lines if any(word in one for word in words)]


@given(
    some.binary(max_size=200), some.sampled_from(["audit", "nginx", "syslog", "access"])
)
@settings(max_examples=300)
def test_no_bytes_break_a_parser(raw: bytes, log: str) -> None:
    words = b"cmd=Auth; auth_zimbra: mail zmauth: user not found: WEB-INF "
    counts = Counts()
    list(events(place(log), [words + raw + b"\n"], counts))  # type: ignore[arg-type]  # sampled
    assert counts.candidates >= 1


def test_broken_letters_are_shown_as_escapes() -> None:
    raw = line(1).encode().replace(b"anna", b"\xffanna\x1b[2J")
    (event,) = events(place("audit"), [raw + b"\n"], Counts())
    assert event.account == "\\xffanna\x1b[2j@example.com"


def test_what_no_parser_reads_is_counted() -> None:
    counts = Counts()
    lines = (
        b"Nov  5 10:16:20 mta1 postfix/smtpd[1]: warning: ?: SASL X authentication "
        b"failed: new words\n"
        b"Nov  5 10:16:20 mta1 sshd[1]: authentication failed: of another program\n"
        b"half a line with auth_zimbra: in it\n"
    )
    assert not list(events(place("syslog"), [lines], counts))
    assert (counts.candidates, counts.unparsed) == (3, 2)


def test_a_long_line_is_cut() -> None:
    (found,) = candidates(b"a" * (2 * LONGEST) + b"\n", (b"aa",))
    assert len(found) == LONGEST


@pytest.mark.parametrize("length", [66_000, 900_000])
def test_a_long_name_of_a_program_hides_no_failure(length: int) -> None:
    """A client chooses it, and it stands before what happened."""
    line = failed(f"oip={CALLER};ua={'a' * length};soapId=1;")
    for lines in ([line], [line] * 3):
        found = list(
            events(place("audit"), [("\n".join(lines) + "\n").encode()], Counts())
        )
        assert [(one.kind, one.source) for one in found] == [("failure", CALLER)] * len(
            lines
        )


def test_one_that_is_longer_than_anything_counts_as_unparsed() -> None:
    counts = Counts()
    line = failed(f"oip={CALLER};ua={'a' * LONGEST};soapId=1;")
    assert not list(events(place("audit"), [f"{line}\n".encode()], counts))
    assert (counts.candidates, counts.unparsed) == (1, 1)


def test_a_piece_has_the_whole_of_a_long_last_line(tmp_path: Path) -> None:
    line = failed(f"oip={CALLER};ua={'a' * 300_000};soapId=1;")
    (tmp_path / "audit.log").write_text(f"{line}\n{line}\n")
    files = LogFiles()
    files.folder(tmp_path, 0.0)
    try:
        piece = files.piece(files.opened[0], 0, 1000)
    finally:
        files.close()
    assert piece.block[piece.first : piece.end] == f"{line}\n".encode()
