"""What a repair shows while it works: at a terminal, through a pipe, to nobody."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from zmward.cli.main import dispatch
from zmward.cli.place import place
from zmward.cli.progress import watched
from zmward.cli.repairing import working


@contextmanager
def terminal() -> Iterator[int]:
    """Make standard error a terminal of our own; give the end that sees it."""
    near, far = pty.openpty()
    old = sys.stderr
    with os.fdopen(far, "w", closefd=False) as stream:
        sys.stderr = stream
        try:
            yield near
        finally:
            sys.stderr = old
    os.close(near)
    os.close(far)


def shown(near: int) -> str:
    """Return all that a terminal was shown: it comes in pieces."""
    found = b""
    while select.select([near], [], [], 1)[0]:
        found += os.read(near, 1 << 16)
    return found.decode("utf-8", "replace")


def test_a_terminal_sees_steps_words_and_time() -> None:
    with terminal() as near:
        with watched("applying", say=lambda _text: None) as told:
            told.talk("mailboxd restarts \x1b[2J")
            told.step(7, 43, "cos:default/[red]x")
        seen = shown(near)
    assert "s  mailboxd restarts \\x1b[2J" in seen
    assert "7/43" in seen
    assert "cos:default/[red]x" in seen


def test_a_pipe_gets_one_line_a_step() -> None:
    said: list[str] = []
    with watched("applying", say=said.append) as told:
        told.talk("mailboxd restarts")
        told.step(7, 43, "x" * 500)
    assert said[0] == "mailboxd restarts"
    assert said[1].startswith("7/43 xxx")
    assert len(said[1]) < 120


def test_a_terminal_that_goes_away_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Gone:
        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

        def flush(self) -> None:
            raise OSError(5, "Input/output error")

        def __getattr__(self, name: str) -> object:
            return getattr(sys.__stderr__, name)

        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Gone())
    done = []
    with watched("applying", say=lambda _text: None) as told:
        told.talk("one")
        told.step(1, 2, "two")
        done.append(True)
    assert done


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_says_what_happens_and_stops_cleanly(
    number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with (
        place(None, sample=True) as here,
        working(here, "applying", quiet=False) as site,
    ):
        assert not site.stop()
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert site.stop()
    assert signal.getsignal(number) == before
    assert capfd.readouterr().err.count("everything is taken back") == 1


def test_quiet_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        place(None, sample=True) as here,
        working(here, "applying", quiet=True) as site,
    ):
        site.talk("x")
        site.step(1, 2, "y")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 4)])
def test_a_person_is_asked_below_the_summary(
    answer: str, code: int, tmp_path: Path
) -> None:
    plan = str(tmp_path / "plan.json")
    assert dispatch(["plan", "--demo", "--safe", "--output", plan]) == 0
    program = "from zmward.cli.main import run; run()"
    near, far = pty.openpty()
    os.write(near, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-c", program, "apply", "--demo", plan],
        stdin=far,
        stdout=subprocess.PIPE,
        stderr=far,
        timeout=60,
        check=False,
    )
    seen = shown(near)
    os.close(near)
    os.close(far)
    assert done.returncode in {code, 3 if code == 0 else code}, seen
    assert seen.index("way back") < seen.index("on the sample server? [y/N]")
    assert (b": applied" in done.stdout) == (answer == "y")
    assert b"\x1b" not in done.stdout
