"""A whole run of testssl.sh on two TLS ports of a node, beside our scan of each.

Both look from outside in the same run. A whole run also tries what zmward leaves alone:
faults of libraries, and which of dozens of clients would connect. `--deep` lists all
ciphers, as testssl.sh does.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.node import HOST, Lab
from lab.testssl import command, differences, ours, read, theirs, unread

from bench.measure import Result

# Port, STARTTLS, and the least number of facts that both tell.
PORTS = ((443, "", 45), (25, "smtp", 36))
RUNS, FASTER, LONGEST = 3, 10.0, 1200
# Where both judge and differ, by port and fact, and why.
EXPLAINED: Mapping[tuple[int, str], str] = {
    (25, "anonymous ciphers are a fault"): (
        "a fault to testssl.sh alone: who sends to port 25 checks no certificate, "
        "and without these ciphers some would send in the clear"
    ),
}


def _run(lab: Lab, argv: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(
        lab.argv("outside", argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=LONGEST,
        check=False,
    )
    return time.monotonic() - began


def _scanned(
    lab: Lab, port: int, room: Path, *words: str
) -> tuple[float, Mapping[str, Any]]:
    """Return the median time of some scans, and what the last one showed."""
    program = str(Path(sys.executable).parent / "zmward")
    output = room / "scan.json"
    argv = ["env", f"HOME={room}", f"ZMWARD_ETC={room}", program, "scan", HOST]
    argv += ["--i-may-scan", HOST, "--ports", str(port), *words]
    argv += ["--json", "--quiet", "--output", str(output)]
    taken = []
    for _ in range(RUNS):
        output.unlink(missing_ok=True)
        taken.append(_run(lab, argv))
    return sorted(taken)[RUNS // 2], json.loads(output.read_text())


def _times(port: int, usual: float, deep: float, other: float) -> Result:
    ratios = f"{other / usual:.0f} and {other / deep:.0f} x as long"
    return Result(
        f"scan of port {port}, process start included, against a whole testssl.sh",
        f"{usual:.1f} s, with every cipher {deep:.1f} s (medians of {RUNS}); "
        f"testssl.sh {other:.0f} s: {ratios}",
        f"≥ {FASTER:.0f} x faster, with every cipher too",
        other / max(usual, deep) >= FASTER,
    )


def _opinions(
    port: int, least: int, mine: Mapping[str, Any], rows: list[dict[str, str]]
) -> Result:
    other = theirs(rows)
    facts = ours(mine, port, every=True)
    both = len(facts.keys() & other.keys())
    apart = differences(facts, other)
    explained = {fact: why for (at, fact), why in EXPLAINED.items() if at == port}
    told = [f"{fact}: {explained.get(fact, pair)}" for fact, pair in apart.items()]
    told += [f"{fact}: no longer apart" for fact in explained.keys() - apart.keys()]
    told += [f"{name}: nobody reads it" for name in sorted(unread(rows))]
    kept = apart.keys() == explained.keys() and not unread(rows) and both >= least
    return Result(
        f"what is said of port {port}, beside a whole testssl.sh",
        f"{both} facts told by both, {len(apart)} apart"
        + "".join(f"; {one}" for one in told),
        f"{least} facts or more told by both, none apart without a reason",
        kept,
    )


def _port(lab: Lab, port: int, starttls: str, least: int) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        usual, _ = _scanned(lab, port, room)
        deep, mine = _scanned(lab, port, room, "--deep")
        output = room / "testssl.json"
        argv = command(f"{HOST}:{port}", output, starttls=starttls)
        try:
            other = _run(lab, argv)
        except subprocess.TimeoutExpired:
            text = f"testssl.sh had not ended after {LONGEST} s"
            return [Result(f"port {port} beside testssl.sh", text, "ends", kept=False)]
        rows = read(output)
    return [_times(port, usual, deep, other), _opinions(port, least, mine, rows)]


def measure() -> list[Result]:
    """Boot a careless node, and let both look at it."""
    if shutil.which("testssl") is None:
        text = "testssl.sh is not installed"
        return [Result("scan beside testssl.sh", text, "compared", kept=False)]
    lab = Lab("bench-testssl", "careless")
    lab.up()
    try:
        return [result for row in PORTS for result in _port(lab, *row)]
    finally:
        lab.down()
