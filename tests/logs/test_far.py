"""The logs of a far host come as they would be read there, hostile lines and all."""

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.logs.files import CALLER, failed, good, sasl
from zmward.cli.main import dispatch
from zmward.doors.far_logs import Far, fetch
from zmward.doors.host import Done, Door, Local
from zmward.engine.log_pieces import Asked
from zmward.engine.read_logs import Reading
from zmward.errors import Incomplete, Unreachable
from zmward.logs.addresses import Trusted
from zmward.logs.clock import Clock
from zmward.logs.event import Event
from zmward.logs.lines import Place
from zmward.logs.reading import Counts, events

TRACE = (
    "2024-11-05 10:15:40,002 WARN  [qtp1-1:https://192.0.2.20:7071/service/admin/soap/]"
    " [ip=198.51.100.7;port=1;soapId=9;] SoapEngine - handler exception\n"
    "com.zimbra.common.service.ServiceException: permission denied: not an admin account"
)


def stamp(second: int) -> str:
    return f"2024-11-05 10:00:{second:02},000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    logs = tmp_path / "it's logs"
    logs.mkdir()
    lines = [failed(f"oip={CALLER};soapId={n};", stamp=stamp(n)) for n in range(9)]
    (logs / "audit.log").write_text("\n".join([*lines[5:], "nothing", "% file 0", ""]))
    old = "\n".join([*lines[:5], "=% lines 0 99", ""]).encode()
    (logs / "audit.log.2024-11-04.gz").write_bytes(gzip.compress(old))
    (logs / "mailbox.log").write_bytes(f"{TRACE}\nwhat\xff ever\n".encode("latin-1"))
    (logs / "zimbra.log").write_text(sasl() + "\n")
    (logs / "notes.txt").write_text("cmd=Auth;\n")
    os.utime(logs / "audit.log.2024-11-04.gz", (1_730_700_000, 1_730_700_000))
    return logs


@pytest.fixture
def room(tmp_path: Path) -> Path:
    place = tmp_path / "room"
    place.mkdir()
    return place


def fetched(
    folder: Path, room: Path, since: float = 0.0, door: Door | None = None
) -> Far:
    far = fetch(door or Local(), room, since, (folder,))
    far.files.close()
    return far


def read(far: Far) -> list[Event]:
    asked = Asked(far.zone, (), 0.0, float("inf"))
    return list(Reading(far.files, asked).events())


def near(folder: Path, far: Far) -> Iterator[Event]:
    """Yield what is read on the spot."""
    for path in sorted(folder.iterdir()):
        name = path.name.partition(".")[0]
        log = {"audit": "audit", "mailbox": "mailbox", "zimbra": "syslog"}.get(name)
        if log:
            raw = path.read_bytes()
            block = gzip.decompress(raw) if path.suffix == ".gz" else raw
            clock = Clock(far.zone, path.stat().st_mtime)
            yield from events(
                Place(log, clock, Trusted()),  # type: ignore[arg-type]  # a log
                [block],
                Counts(),
            )


def test_it_is_what_would_be_read_there(folder: Path, room: Path) -> None:
    far = fetch(Local(), room, 0.0, (folder,))
    assert sorted(read(far), key=repr) == sorted(near(folder, far), key=repr)
    assert far.lines == 6 + 6 + 3 + 1
    assert far.files.notes == []
    assert f"this host:{folder}/audit.log" in far.paths
    assert not [path for path in far.paths if "notes" in path]


def test_only_lines_that_may_matter_are_sent(folder: Path, room: Path) -> None:
    (folder / "audit.log").write_text("nothing of interest\n" * 10_000)
    far = fetched(folder, room)
    assert sum(one.size for one in far.files.opened) < 5000
    assert far.lines == 10_000 + 6 + 3 + 1


def test_what_is_older_stays_there(folder: Path, room: Path) -> None:
    far = fetched(folder, room, 1_730_800_000.0)
    assert not [path for path in far.paths if path.endswith(".gz")]


def test_a_damaged_log_is_told(folder: Path, room: Path) -> None:
    path = folder / "audit.log.2024-11-04.gz"
    path.write_bytes(path.read_bytes()[:-9])
    far = fetched(folder, room)
    assert far.files.unread == 1
    assert "ends early" in far.files.notes[0]


def test_a_packing_that_the_host_has_not_is_told(folder: Path, room: Path) -> None:
    (folder / "audit.log.2024-11-03.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(9))
    far = fetched(folder, room)
    assert far.files.unread == 1


def test_no_logs_are_no_answer(tmp_path: Path, room: Path) -> None:
    with pytest.raises(Incomplete, match="none in"):
        fetch(Local(), room, 0.0, (tmp_path / "room",))


class Lying:
    """A host that lists a log and then prints what it likes."""

    name, streams = "liar", 1

    def __init__(self, *printed: bytes) -> None:
        self.printed = printed

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        del argv, given, user, seconds
        return Done(0, b"1.0 /opt/zimbra/log/audit.log\0")

    def lines(self, script: str) -> Iterator[bytes]:
        del script
        return iter(self.printed)


@pytest.mark.parametrize(
    "line", [b"% file 7\n", b"% file x\n", b"% file -3\n", b"% lines 0 many\n"]
)
def test_a_host_that_means_harm_gets_an_error(room: Path, line: bytes) -> None:
    with pytest.raises(Unreachable):
        fetch(Lying(b"% works 1\n", line), room, 0.0)


@pytest.mark.parametrize("stamp", ["inf", "nan", "1e300", "-1", "soon"])
def test_a_log_of_no_time_is_none(
    room: Path, monkeypatch: pytest.MonkeyPatch, stamp: str
) -> None:
    door = Lying(b"% works 1\n")
    answer = Done(0, f"{stamp} /opt/zimbra/log/audit.log\0".encode())
    monkeypatch.setattr(door, "run", lambda *_, **__: answer)
    with pytest.raises(Incomplete, match="none in"):
        fetch(door, room, 0.0)


def test_a_host_without_such_a_grep_is_no_clean_host(room: Path) -> None:
    with pytest.raises(Incomplete, match="no grep"):
        fetch(Lying(b"% works 0\n", b"% file 0\n"), room, 0.0)


def test_a_zone_that_is_none_is_told(room: Path) -> None:
    some = (b"% works 1\n", b"% zone\n", b"bm9uZQ==\n", b"% file 0\n")
    far = fetched(Path("/opt/zimbra/log"), room, door=Lying(*some))
    assert str(far.zone) == "UTC"
    assert far.files.unread == 1


@pytest.fixture
def ssh(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ssh be a shell here, and the far host's logs those of a folder."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(
        "zmward.doors.far_logs.fetch", partial(fetch, folders=(folder,))
    )


@pytest.mark.usefixtures("ssh")
def test_the_verb_reads_a_far_host(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [good(f"oip={CALLER};soapId=w;", stamp=stamp(30))]
    with (folder / "audit.log").open("a") as file:
        file.write("\n".join([*lines, ""]))
    argv = ["--host", "root@mail", "logs", "report", "--json", "--with-lines"]
    assert dispatch([*argv, "--now", "2024-11-06"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["lines"] == 17
    assert found["files"][0].startswith("root@mail:")
    assert found["failures"] == 10
    assert found["successes_after_failures"][0]["source"] == CALLER
    assert found["evidence"][-1]["line"] == lines[0]
    assert any("whom the servers trust" in note for note in found["notes"])


@pytest.mark.usefixtures("ssh")
def test_files_of_here_are_not_those_of_there(folder: Path) -> None:
    argv = ["--host", "root@mail", "logs", "report", "--dir", str(folder)]
    assert dispatch(argv) == 2


def test_no_line_of_a_log_says_that_it_ends_early(folder: Path, room: Path) -> None:
    with (folder / "mailbox.log").open("a") as file:
        file.write(
            "zmward: this log ends early\nearly 1 cmd=Auth;\n% lines 0 early 1\n"
        )
    far = fetched(folder, room)
    assert (far.files.unread, far.files.notes) == (0, [])
