"""A program that works beside us, and ends with us whatever becomes of us."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO, Final, Literal

# Seconds for one piece of a backup, however much there is of it.
LONGEST: Final = 43_200
_WAIT: Final = 30
_SHOWN, _READ = 400, 2000

Stop = Literal["KILL", "TERM", "INT"]


def started(
    argv: Sequence[str],
    *,
    stop: Stop,
    stdin: int,
    stdout: int | IO[bytes],
    errors: IO[bytes],
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that gets a signal when we end; its complaints go into a file.

    `env` is added to our own environment.
    """
    return subprocess.Popen(
        ("setpriv", "--pdeathsig", stop, "--", *argv),
        stdin=stdin,
        stdout=stdout,
        stderr=errors,
        start_new_session=True,
        cwd="/",
        env={**os.environ, **(env or {})},
        umask=0o077,
    )


def failure(process: subprocess.Popen[bytes], errors: IO[bytes], who: str) -> str:
    """Return how a program failed whose output is at its end, in the last it said."""
    try:
        code = process.wait(_WAIT)
    except subprocess.TimeoutExpired:
        return f"{who} does not end: {_WAIT} seconds waited"
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(size - _READ, 0))
    # Who holds the file may make it longer in this moment, by any number of terabytes.
    said = " ".join(errors.read(_READ).decode("utf-8", "replace").split())
    return f"{who} ended with {code}: {said[-_SHOWN:]}" if code else ""
