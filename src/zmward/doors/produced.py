"""A program whose output is taken as it comes: it ends with us, its failure is told."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Final

from zmward.doors.backup_streams import Lost, Stream

_WAIT: Final = 30


@contextmanager
def produced(argv: Sequence[str], given: bytes = b"") -> Iterator[Stream]:
    """Give what a program prints; it ends with us, and its failure is Lost."""
    errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed below
    process = subprocess.Popen(
        ("setpriv", "--pdeathsig", "KILL", "--", *argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        start_new_session=True,
        cwd="/",
        umask=0o077,
    )

    def ended() -> str:
        try:
            code = process.wait(_WAIT)
        except subprocess.TimeoutExpired:
            return f"it does not end: {_WAIT} seconds waited"
        size = errors.seek(0, 2)
        errors.seek(max(size - 2000, 0))
        said = " ".join(errors.read().decode("utf-8", "replace").split())
        return f"it ended with {code}: {said[-400:]}" if code else ""

    try:
        _fed(process.stdin, given)
        if process.stdout is None:
            raise Lost("a program gave no output")
        yield Stream(process.stdout, ended)
    finally:
        if process.stdout is not None:
            process.stdout.close()
        if process.poll() is None:
            process.kill()
        process.wait()
        errors.close()


def _fed(pipe: IO[bytes] | None, given: bytes) -> None:
    if pipe is None:
        return
    with suppress(OSError):
        pipe.write(given)
    with suppress(OSError):
        pipe.close()
