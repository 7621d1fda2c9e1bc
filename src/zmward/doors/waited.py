"""Runs one program here, fed and waited for: it can fill no memory and hang nobody."""

import subprocess
import threading
from collections.abc import Sequence
from typing import IO, Final, NamedTuple

from zmward.errors import Unreachable

TIMED_OUT: Final = 124
# What timeout says of itself; no program that is asked ends so.
FLOODED: Final = 125
# More than the largest file that is read whole.
MOST: Final = 128 << 20
# Whoever asked has gone, so what still runs is not waited for much longer.
_GRACE: Final = 30
# A daemon that the program left behind may hold its output open for ever.
_LAST_WORDS: Final = 5
_CHUNK: Final = 1 << 16


class _Listener(threading.Thread):
    """Keeps what a program prints; of one that prints too much, nothing."""

    def __init__(
        self, process: subprocess.Popen[bytes], pipe: IO[bytes], most: int
    ) -> None:
        super().__init__(daemon=True)
        self._process, self._pipe, self._most = process, pipe, most
        self._kept: list[bytes] = []
        self.flooded = False

    def run(self) -> None:
        """Listen until the program is silent, or says too much."""
        # Who goes on to write once the pipe is closed is ended by that.
        with self._pipe as pipe:
            while chunk := pipe.read1(_CHUNK):  # type: ignore[attr-defined]  # a buffered pipe has it
                self._most -= len(chunk)
                if self._most < 0:
                    self.flooded = True
                    self._process.terminate()
                    return
                self._kept.append(chunk)

    def heard(self) -> bytes:
        """Return all of it, when the program has ended."""
        self.join(_LAST_WORDS)
        return b"".join(tuple(self._kept))


def _feed(pipe: IO[bytes], given: bytes) -> None:
    try:
        with pipe:
            pipe.write(given)
    except OSError:
        # A program need not read to the end what it is given.
        return


def _ended(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """Return a program's exit code, None where it did not end in time."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


class Heard(NamedTuple):
    """How a program ended, and all that it said."""

    code: int
    out: bytes
    error: bytes


def waited(
    argv: Sequence[str], given: bytes, seconds: float, *, most: int = MOST
) -> Heard:
    """Run a program and return how it ended and what it said."""
    try:
        # A session of its own: Ctrl-C stops zmward, not what it waits for.
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as absent:
        raise Unreachable(f"{argv[0]} is not installed here.") from absent
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise Unreachable(f"{argv[0]}: no way to speak with it.")
    out = _Listener(process, process.stdout, most)
    error = _Listener(process, process.stderr, most)
    feeder = threading.Thread(target=_feed, args=(process.stdin, given), daemon=True)
    for thread in (out, error, feeder):
        thread.start()
    code = _ended(process, seconds + _GRACE)
    if out.flooded or error.flooded:
        return Heard(FLOODED, b"", b"it said more than any program has to say: stopped")
    if code is None:
        return Heard(TIMED_OUT, b"", b"no answer in time")
    return Heard(code, out.heard(), error.heard())
