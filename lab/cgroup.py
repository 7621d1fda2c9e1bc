"""The control groups that hold every process of one lab."""

import os
import signal
import time
from pathlib import Path

from lab.errors import LabError

ROOT = Path("/sys/fs/cgroup")
# Cgroup v2 alone, or the v1 layouts that systemd knows as legacy and hybrid.
HIERARCHIES = (ROOT, ROOT / "systemd", ROOT / "unified")
LONGEST_END = 10.0


def _groups(lab: str) -> list[Path]:
    mounted = [h for h in HIERARCHIES if (h / "cgroup.procs").exists()]
    return [hierarchy / f"zmward-lab-{lab}" for hierarchy in mounted]


def create(lab: str, node: str = "") -> list[Path]:
    """Create the groups and return the files that take a process into them.

    Each container needs groups of its own: all of them call theirs the same.
    """
    places = [group / node for group in _groups(lab)]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    return [place / "cgroup.procs" for place in places]


def pids(lab: str) -> list[int]:
    """Return every process of the lab, children of the node included."""
    found: set[int] = set()
    for group in _groups(lab):
        # os.walk passes over groups that end while it looks.
        for place, _, _ in os.walk(group):
            try:
                text = (Path(place) / "cgroup.procs").read_text()
            except OSError:
                continue
            found.update(int(pid) for pid in text.split())
    return sorted(found - {0})


def end(pid: int, how: signal.Signals) -> None:
    """Signal a process that may be gone already."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return


def end_all(lab: str) -> None:
    """End every process of the lab and wait until none is left."""
    limit = time.monotonic() + LONGEST_END
    while left := pids(lab):
        for pid in left:
            end(pid, signal.SIGKILL)
        if time.monotonic() > limit:
            raise LabError(f"processes of the lab {lab} do not end: {left}")
        time.sleep(0.05)


def delete(lab: str) -> None:
    """Remove the groups, the inner ones first."""
    for group in _groups(lab):
        for place, _, _ in os.walk(group, topdown=False):
            Path(place).rmdir()


def labs() -> list[str]:
    """Return the names of the labs that have groups."""
    names: set[str] = set()
    for hierarchy in HIERARCHIES:
        found = hierarchy.glob("zmward-lab-*") if hierarchy.is_dir() else []
        names.update(path.name.removeprefix("zmward-lab-") for path in found)
    return sorted(names)
