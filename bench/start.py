"""How long `zmward --version` takes, against Python's own start."""

import sys
from pathlib import Path

from bench.measure import Result, medians, seconds

LIMIT = 0.150


def measure() -> list[Result]:
    """Measure twenty starts of each."""
    program = str(Path(sys.executable).parent / "zmward")
    own, bare = medians(
        20,
        lambda: seconds([program, "--version"]),
        lambda: seconds([sys.executable, "-c", "pass"]),
    )
    measured = f"{own * 1000:.0f} ms, {own / bare:.1f} x a bare Python"
    return [Result("zmward --version", measured, "≤ 150 ms", own <= LIMIT)]
