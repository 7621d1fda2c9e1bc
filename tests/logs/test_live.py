"""A report that goes on: what stood in the logs and what comes is counted once."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.logs.files import CALLER, ROME, failed, sasl, saslauthd
from tests.logs.test_follow import World, write
from zmward.cli.main import dispatch
from zmward.doors.log_files import LogFiles
from zmward.engine.follow_logs import Follow
from zmward.engine.live_logs import Live, begun, cut
from zmward.engine.log_pieces import Asked
from zmward.errors import Incomplete
from zmward.profile import Logs

ASKED = Asked(ROME, (), 0.0, 1e12)
STEPS = ("line", "line", "begin", "rename", "copy")


def opened(folder: Path) -> LogFiles:
    files = LogFiles()
    files.folder(folder, 0.0)
    return files


@contextmanager
def going_on(folder: Path) -> Iterator[Live]:
    files, follow = begun([folder], ASKED, lambda: opened(folder))
    live = Live(files, follow, ASKED, Logs())
    yield live
    live.close()


def taken(world: World, steps: list[str]) -> None:
    """Carry out steps; one rotation at most, as between two looks."""
    rotated = False
    for step in steps:
        if step in {"rename", "copy"}:
            if rotated:
                continue
            rotated = True
        getattr(world, step)()


STEPS_OF = some.lists(some.sampled_from(STEPS), max_size=8)


@given(STEPS_OF, STEPS_OF, some.lists(STEPS_OF, max_size=3))
@settings(max_examples=60, deadline=None)
def test_every_line_is_counted_once(
    before: list[str], meanwhile: list[str], after: list[list[str]]
) -> None:
    with tempfile.TemporaryDirectory() as room:
        world = World(Path(room))
        for step in before:
            getattr(world, step)()
        with going_on(world.folder) as live:
            taken(world, meanwhile)
            live.past()
            live.look()
            for steps in after:
                taken(world, steps)
                live.look()
            if world.half:
                world.line()
            live.look()
            live.rest()
            found = live.report(UTC)
        world.follow.close()
    assert found.failures == found.lines == world.written


def test_a_log_that_was_rotated_between_two_looks_is_looked_at_again(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    world.line()
    follow = Follow([tmp_path], (ROME, ()))
    world.rename()
    world.line()
    files = opened(tmp_path)
    assert not cut(files, follow, [tmp_path])
    files.close()
    follow.close()
    follow = Follow([tmp_path], (ROME, ()))
    world.copy()
    files = opened(tmp_path)
    assert not cut(files, follow, [tmp_path])
    for one in (files, follow, world.follow):
        one.close()


def test_logs_that_never_stand_still_are_said(tmp_path: Path) -> None:
    world = World(tmp_path)

    def turned() -> LogFiles:
        world.line()
        world.rename()
        return opened(tmp_path)

    with pytest.raises(Incomplete, match="again and again"):
        begun([tmp_path], ASKED, turned)
    world.follow.close()


def test_halves_meet_over_the_seam(tmp_path: Path) -> None:
    """The address stands in what is read, the account in what comes."""
    log = tmp_path / "zimbra.log"
    write(log, f"{sasl()}\n".encode())
    with going_on(tmp_path) as live:
        live.past()
        write(log, f"{saslauthd('anna')}\n".encode())
        live.look()
        live.rest()
        found = live.report(UTC)
    assert [(one.address, one.accounts) for one in found.sources] == [(CALLER, 1)]
    assert found.failures == 1


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "audit.log").write_text(f"{failed(f'oip={CALLER};soapId=0;')}\n")
    return tmp_path


def argv(room: Path, *more: str) -> list[str]:
    words = ("logs", "report", "--follow", "--timezone", "UTC", "--dir", str(room))
    program = "from zmward.cli.main import run; run()"
    return [sys.executable, "-c", program, *words, *more]


def add(room: Path, number: int) -> None:
    with (room / "audit.log").open("a") as file:
        file.write(f"{failed(f'oip={CALLER};soapId={number};')}\n")


def test_json_is_one_document_a_line(room: Path) -> None:
    with subprocess.Popen(argv(room, "--json"), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert (first["schema"], first["failures"]) == ("zmward.logs/1", 1)
        add(room, 1)
        assert json.loads(process.stdout.readline())["failures"] == 2
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read().splitlines()
    assert [json.loads(line)["failures"] for line in rest] == [2]
    assert process.returncode == 130


def shown(screen: int, words: str) -> str:
    """Return what a terminal shows, once the words are there."""
    text, limit = "", time.monotonic() + 60
    while time.monotonic() < limit:
        text += os.read(screen, 65_536).decode("utf-8", "replace")
        if re.search(words, text):
            return text
    raise AssertionError(text)


def test_the_screen_goes_on_until_it_is_ended(room: Path) -> None:
    screen, end = pty.openpty()
    termios.tcsetwinsize(screen, (24, 80))
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(argv(room), stdin=end, stdout=end, stderr=end, env=env) as it:
        os.close(end)
        shown(screen, "Failed logins +.*1, 0 of them")
        add(room, 1)
        shown(screen, "Failed logins +.*2, 0 of them")
        it.send_signal(signal.SIGTERM)
        # What was drawn last stays on the usual screen.
        shown(screen, r"1049l(?s:.*)Failed logins")
        assert it.wait() == 0
    os.close(screen)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--file", "audit.log"), "say --dir"),
        (("--json", "--output", "x"), "--output out"),
        (("--format", "html"), "--format html"),
        (("--json", "--with-lines"), "--with-lines"),
        ((), "say --json"),
        (("--json", "--host", "root@mail.example.test"), "run it there"),
        (("--json", "--trusted", "nonsense"), "--trusted"),
        (("--json", "--timezone", "Mars"), "Europe/Rome"),
    ],
)
def test_what_it_cannot_do_is_said(
    room: Path, more: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = () if "--file" in more else ("--dir", str(room))
    assert dispatch(["logs", "report", "--follow", *folder, *more]) == 2
    assert words in capsys.readouterr().err
