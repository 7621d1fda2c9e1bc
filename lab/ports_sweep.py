"""Runs one sweep over ports inside a namespace; it reads its arguments as JSON."""

import json
import resource
import sys
import time

import msgspec

from zmward.doors.sweep import sweep


def main() -> None:
    """Sweep, and print what was found, in how many seconds, and what was told."""
    asked = json.load(sys.stdin)
    if files := asked.pop("files", 0):
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    for name in ("tcp", "udp"):
        first, last = asked.pop(f"all_{name}", (1, 0))
        asked[name] = [*asked.get(name, ()), *range(first, last + 1)]
    told: list[tuple[int, int]] = []
    began = time.monotonic()
    found = sweep(
        **{"rate": 5000, "seconds": 60, "raw": False} | asked,
        moved=lambda done, total: told.append((done, total)),
    )
    took = time.monotonic() - began
    swept = msgspec.to_builtins(found)
    print(json.dumps({"swept": swept, "seconds": took, "told": told}))


if __name__ == "__main__":
    main()
