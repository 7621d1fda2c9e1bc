"""Times and memory of whole commands, and the table that shows them."""

import contextlib
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """One claim: what was measured, against what, and what was promised."""

    claim: str
    measured: str
    promised: str
    kept: bool


def seconds(
    argv: Sequence[str], codes: Sequence[int] = (0,), timeout: float = 600
) -> float:
    """Return how long a command takes, its output thrown away."""
    start = time.monotonic()
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=timeout,
        check=False,
    )
    taken = time.monotonic() - start
    if done.returncode not in codes:
        raise RuntimeError(f"{argv[0]}: {done.returncode}: {done.stderr[-2000:]!r}")
    return taken


def _family(pid: int) -> set[int]:
    """Return a process and all that came from it, as /proc shows them now."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            fields = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
    family = {pid}
    grown = True
    while grown:
        new = {child for child, parent in parents.items() if parent in family}
        grown = not new <= family
        family |= new
    return family


def _pss(pid: int) -> int:
    """Return the memory of a process, its share of what is shared, in bytes."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def peak(argv: Sequence[str]) -> int:
    """Return the most memory that a command and its children hold at once, in bytes.

    The sum is sampled every few milliseconds, so a shorter peak of it is missed; that
    of the largest single process comes from the kernel and is never missed.
    """
    devnull = subprocess.DEVNULL
    process = subprocess.Popen(argv, stdin=devnull, stdout=devnull, stderr=devnull)
    most = 0
    while True:
        ended, _, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            return max(most, usage.ru_maxrss * 1024)
        most = max(most, sum(map(_pss, _family(process.pid))))
        time.sleep(0.005)


def medians(runs: int, *commands: Callable[[], float]) -> tuple[float, ...]:
    """Return the median of each command, run in turns so that noise is shared."""
    taken: list[list[float]] = [[] for _ in commands]
    for _ in range(runs):
        for command, times in zip(commands, taken, strict=True):
            times.append(command())
    return tuple(statistics.median(times) for times in taken)


def table(results: Sequence[Result]) -> str:
    """Return the results as aligned lines."""
    lines = []
    for result in results:
        mark = "kept  " if result.kept else "MISSED"
        lines.append(f"{mark} {result.claim}")
        lines.append(f"       {result.measured}; promised: {result.promised}")
    return "\n".join(lines)
