"""Ports of one machine as a stranger finds them, beside nmap's answers and times.

The machine drops what its rules do not name. What is right is said by its listeners
and by these rules.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from time import monotonic
from typing import Any

from lab.ports import IPV4, Pair, pair

from bench.measure import Result
from zmward.catalog.ports import PORTS

_ALL = range(1, 65_536)
_TAKEN = (25, 443, 465, 993, 5269, 40_000)
_FREE = (587, 995, *range(1000, 1011))
_REFUSED = (8443,)
_RATE, _SECONDS = 20_000, 300
_USUAL, _SLOWER = 2.0, 1.5
_RULES = f"""
table inet filter {{
    chain input {{
        type filter hook input priority 0; policy drop;
        tcp dport {{ {", ".join(map(str, (*_TAKEN, *_FREE)))} }} accept
        tcp dport {{ {", ".join(map(str, _REFUSED))} }} reject with tcp reset
    }}
}}
"""


def _truth(machines: Pair) -> dict[int, str]:
    listening = machines.listening()
    found = dict.fromkeys(_ALL, "filtered")
    for port in (*_TAKEN, *_FREE, *_REFUSED):
        taken = port in listening and port not in _REFUSED
        found[port] = "open" if taken else "closed"
    return found


def _wrong(found: Mapping[str, Any], truth: Mapping[int, str]) -> int:
    """Return how many ports are not what they are, or are missing."""
    seen = {
        one["port"]: one["state"]
        for one in found["swept"]["ports"]
        if one["proto"] == "tcp"
    }
    return sum(seen.get(port) != state for port, state in truth.items())


def _nmap(machines: Pair, truth: Mapping[int, str], *options: str) -> tuple[float, int]:
    """Return nmap's time, and how many open or closed ports it has wrong."""
    argv = ["ip", "netns", "exec", machines.asker, "nmap", "-Pn", "-n", "-p1-65535"]
    began = monotonic()
    done = subprocess.run(
        [*argv, *options, "-oG", "-", IPV4],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    took = monotonic() - began
    pairs = re.findall(r"(\d+)/(open|closed)/tcp", done.stdout)
    seen = {int(port): state for port, state in pairs}
    wanted = {port: state for port, state in truth.items() if state != "filtered"}
    return took, len(seen.items() ^ wanted.items())


def _usual(machines: Pair, truth: Mapping[int, str], *, raw: bool) -> Result:
    rows = [(one.port, proto) for one in PORTS for proto in one.protocols]
    tcp = sorted({port for port, proto in rows if proto == "tcp"})
    udp = sorted({port for port, proto in rows if proto == "udp"})
    found = machines.sweep(targets=[IPV4], tcp=tcp, udp=udp, raw=raw)
    wrong = _wrong(found, {port: truth[port] for port in tcp})
    way = "packets" if raw else "connections"
    return Result(
        f"scan, {len(tcp)} TCP and {len(udp)} UDP ports of the catalog, by {way}",
        f"{found['seconds']:.2f} s, {wrong} wrong",
        f"≤ {_USUAL:.0f} s, 0 wrong",
        kept=found["seconds"] <= _USUAL and not wrong,
    )


def _every(
    machines: Pair, truth: Mapping[int, str], options: tuple[str, ...], *, raw: bool
) -> Result:
    found = machines.sweep(
        targets=[IPV4], all_tcp=[1, 65_535], rate=_RATE, seconds=_SECONDS, raw=raw
    )
    wrong, took = _wrong(found, truth), found["seconds"]
    theirs, theirs_wrong = _nmap(machines, truth, *options)
    way = "packets" if raw else "connections"
    return Result(
        f"scan, all {len(_ALL):,} TCP ports by {way}, {_RATE:,} a second",
        f"{took:.1f} s, {wrong} wrong (nmap {' '.join(options)}: "
        f"{theirs:.1f} s, {theirs_wrong} wrong)",
        "0 wrong" if raw else f"≤ {_SLOWER} of nmap's time, 0 wrong",
        kept=(raw or took <= _SLOWER * theirs) and not wrong,
    )


def measure() -> list[Result]:
    """Ask the usual ports and all ports, in both ways."""
    if shutil.which("nmap") is None:
        return [
            Result("scan", "nmap is not installed", "compared with nmap", kept=False)
        ]
    with pair() as machines, machines.listeners(_TAKEN):
        machines.rules(machines.server, _RULES)
        truth = _truth(machines)
        plain = ("-sT", "-T4", "--max-retries", "1")
        packets = ("-sS", "--min-rate", f"{_RATE}")
        return [
            _usual(machines, truth, raw=False),
            _usual(machines, truth, raw=True),
            _every(machines, truth, plain, raw=False),
            _every(machines, truth, packets, raw=True),
        ]
