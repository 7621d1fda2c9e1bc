"""The event log and its state: whenever we end, each event stands there once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.logs.files import CALLER, failed
from zmward.cli.main import dispatch
from zmward.doors.log_tail import Spot
from zmward.engine import event_log
from zmward.engine.event_log import EventLog
from zmward.engine.follow_logs import Progress
from zmward.errors import Refused
from zmward.logs import compact

SPOT = Progress({"/x/audit.log": [Spot(1, 2, 3, b"mark")]})
NEXT = Progress({"/x/audit.log": [Spot(1, 2, 9, b"next")]})


@contextmanager
def opened(folder: Path) -> Iterator[EventLog]:
    log = EventLog(folder / "events.log", folder / "state" / "follow")
    yield log
    log.close()


def text(folder: Path) -> str:
    return (folder / "events.log").read_text()


def test_what_was_kept_is_known_again(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        assert log.progress() is None
        log.append(b"one\n", SPOT)
    with opened(tmp_path) as log:
        assert log.progress() == SPOT
    assert text(tmp_path) == "one\n"


@pytest.mark.parametrize("written", range(9))
def test_what_was_begun_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """The process ends at any byte of what it appends."""
    with opened(tmp_path) as log:
        log.append(b"zero\n", SPOT)

        keeps = event_log._append

        def breaks(descriptor: int, text: bytes) -> None:
            if text != b"one\ntwo\n":
                return keeps(descriptor, text)
            os.write(descriptor, text[:written])
            raise KeyboardInterrupt

        monkeypatch.setattr("zmward.engine.event_log._append", breaks)
        with pytest.raises(KeyboardInterrupt):
            log.append(b"one\ntwo\n", NEXT)
    monkeypatch.setattr("zmward.engine.event_log._append", keeps)
    for _ in range(2):
        with opened(tmp_path) as log:
            assert log.progress() == NEXT
    assert text(tmp_path) == "zero\none\ntwo\n"


def test_an_event_log_that_was_rotated_is_no_reason_to_repeat(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append(b"one\n", SPOT)
    (tmp_path / "events.log").rename(tmp_path / "events.log.1")
    with opened(tmp_path) as log:
        log.progress()
        log.append(b"two\n", NEXT)
    assert text(tmp_path) == "two\n"
    assert (tmp_path / "events.log.1").read_text() == "one\n"


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(Refused, match="Another"):
        EventLog(tmp_path / "events.log", tmp_path / "state" / "follow")


def test_a_state_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append(b"one\n", SPOT)
        (tmp_path / "state" / "follow").write_bytes(b"?")
        with pytest.raises(Refused, match="remove it"):
            log.progress()


def test_a_link_in_the_place_of_the_event_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events.log").symlink_to(tmp_path / "elsewhere")
    with opened(tmp_path) as log, pytest.raises(Refused):
        log.append(b"one\n", SPOT)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_exchanged_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    own, other = tmp_path / "zmward", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    log = EventLog(own / "events.log", tmp_path / "state" / "follow")
    log.append(b"one\n", SPOT)
    own.rename(tmp_path / "away")
    own.symlink_to(other)
    with pytest.raises(Refused, match="another folder"):
        log.append(b"two\n", NEXT)
    log.close()
    assert not any(other.iterdir())
    with pytest.raises(Refused, match="cannot be opened"):
        EventLog(own / "events.log", tmp_path / "state" / "follow")


def test_a_folder_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "zmward"
    own.mkdir()
    own.chmod(0o777)
    with pytest.raises(Refused, match="open to another"):
        EventLog(own / "events.log", tmp_path / "state" / "follow")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start `zmward logs follow` on a folder of logs; end what was started."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "audit.log").touch()
    running: list[subprocess.Popen[bytes]] = []

    def start(*more: str) -> "subprocess.Popen[bytes]":
        program = "from zmward.cli.main import run; run()"
        argv = [sys.executable, "-c", program, "logs", "follow", "--dir", str(logs)]
        with (tmp_path / "out").open("w") as out:
            process = subprocess.Popen(
                [*argv, "--timezone", "UTC", *more],
                stdout=out,
                env={**os.environ, "ZMWARD_STATE": str(tmp_path / "state")},
            )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


def append(folder: Path, number: int) -> None:
    line = failed(f"oip={CALLER};soapId={number};", f"user{number}@example.com")
    with (folder / "logs" / "audit.log").open("a") as file:
        file.write(f"{line}\n")


def awaited(path: Path, lines: int) -> list[str]:
    """Return the accounts of the event log once it has so many lines."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        found = path.read_text().splitlines() if path.exists() else []
        if len(found) >= lines:
            return [one.account for one in map(compact.event, found) if one]
        time.sleep(0.05)
    raise AssertionError(path.read_text() if path.exists() else "no event log")


def test_restarts_neither_lose_nor_repeat(
    tmp_path: Path, started: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    path = tmp_path / "events.log"
    state = tmp_path / "state" / "follow"
    first = started("--events", str(path))
    limit = time.monotonic() + 60
    while not list(state.glob("*[0-9a-f]")) and time.monotonic() < limit:
        time.sleep(0.05)
    for number, ends in enumerate((signal.SIGTERM, signal.SIGKILL, signal.SIGTERM)):
        append(tmp_path, 2 * number)
        assert len(awaited(path, 2 * number + 1)) == 2 * number + 1
        first.send_signal(ends)
        assert first.wait(30) == (0 if ends == signal.SIGTERM else -ends)
        append(tmp_path, 2 * number + 1)
        first = started("--events", str(path))
        awaited(path, 2 * number + 2)
    wanted = [f"user{number}@example.com" for number in range(6)]
    assert awaited(path, 6) == wanted
    assert path.stat().st_mode & 0o777 == 0o600


def test_lines_for_people_and_programs(
    tmp_path: Path, started: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    for more, ends, code in (
        ((), signal.SIGTERM, 0),
        (("--json",), signal.SIGINT, 130),
    ):
        process = started(*more)
        # It begins at the end of what is there: write until it is there itself.
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            append(tmp_path, 7)
            time.sleep(0.2)
            if "\n" in (tmp_path / "out").read_text():
                break
        process.send_signal(ends)
        assert process.wait(30) == code
        line = (tmp_path / "out").read_text().splitlines()[0]
        if more:
            found = json.loads(line)
            assert (found["source"], found["kind"]) == (CALLER, "failure")
            assert found["when"] == "2024-11-05T10:15:40.002+00:00"
        else:
            wanted = f"failure soap user7@example.com from {CALLER} (audit)"
            assert line == f"2024-11-05 10:15:40 {wanted}"


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--dir", "/nowhere"], 2),
        (["--timezone", "Mars/Crater"], 2),
        (["--trusted", "proxy"], 2),
        (["--events", "x", "--json"], 2),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, argv: list[str], code: int) -> None:
    place = [] if "--dir" in argv else ["--dir", str(tmp_path)]
    assert dispatch(["logs", "follow", *place, *argv]) == code


def test_a_folder_that_others_can_write_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    argv = ["--dir", str(tmp_path), "--events", str(shared / "events.log")]
    assert dispatch(["logs", "follow", *argv]) == 4


def test_a_state_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(Refused, match="cannot be written"):
        EventLog(tmp_path / "events.log", tmp_path / "state" / "follow")


def test_a_pipe_in_its_place_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "events.log")
    with opened(tmp_path) as log, pytest.raises(Refused):
        log.append(b"one\n", SPOT)
