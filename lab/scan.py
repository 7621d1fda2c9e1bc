"""All ports of a node from one address: what came in, what passed, what answered.

A table of its own counts the packets before the packet filter sees them, and notes the
ports of those that no rule has stopped. Nothing is concluded from silence.
"""

import json
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lab.errors import LabError
from lab.network import OUTSIDE
from lab.node import Lab
from lab.nodes import Node
from lab.process import run
from lab.scan_sender import MARK

# `ip` is for the numbers of IP protocols instead of ports.
Protocol = Literal["tcp", "udp", "ip"]
SYN = 2
ALL_PORTS = tuple(range(1, 65536))
_NUMBER: dict[Protocol, int] = {"tcp": 6, "udp": 17, "ip": 0}
_TRIES = 3
_TABLE = """\
add table inet zmward_scan
delete table inet zmward_scan
table inet zmward_scan {{
    {places}
    chain came {{
        type filter hook prerouting priority -500;
        {came}
    }}
    chain passed {{
        type filter hook input priority 2000;
        {passed}
    }}
}}
"""


@dataclass(frozen=True)
class Probe:
    """One packet to each port, from one address."""

    source: str
    protocol: Protocol = "tcp"
    ports: Sequence[int] = ALL_PORTS
    flags: int = SYN

    @property
    def version(self) -> int:
        """Return the version of IP."""
        return 6 if ":" in self.source else 4

    @property
    def asks(self) -> bool:
        """Say whether each packet that passes is answered."""
        return self.protocol == "tcp" and self.flags == SYN


@dataclass(frozen=True)
class Scan:
    """What became of one packet to each port, all of which have come in.

    `passed` are the ports that no rule closed; `open` of them accepted, `closed` said
    that nobody listens.
    """

    passed: frozenset[int]
    open: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()


def scan(lab: Lab, node: str, probe: Probe, *, by: str = OUTSIDE) -> Scan:
    """Try all ports of a node from an address of the outside or of another node."""
    return scans(lab, node, [probe], by=by)[0]


def scans(
    lab: Lab, node: str, probes: Sequence[Probe], *, by: str = OUTSIDE
) -> list[Scan]:
    """Try several probes, and those again of which a busy machine has lost packets."""
    found: dict[int, Scan] = {}
    for _ in range(_TRIES):
        left = [n for n in range(len(probes)) if n not in found]
        if not left:
            break
        tried = _tried(lab, node, [probes[n] for n in left], by)
        for number, (came, one) in zip(left, tried, strict=True):
            probe = probes[number]
            answered = one.passed <= one.open | one.closed
            if came == len(probe.ports) and (answered or not probe.asks):
                found[number] = one
    lost = [probes[n] for n in range(len(probes)) if n not in found]
    for probe in lost:
        what = f"{len(probe.ports)} packets of {probe.source} ({probe.protocol})"
        raise LabError(f"{what} to {node}: they do not all come in and get an answer")
    return [found[n] for n in range(len(probes))]


def _tried(
    lab: Lab, node: str, probes: Sequence[Probe], by: str
) -> list[tuple[int, Scan]]:
    first = random.randrange(20_000, 60_000)  # noqa: S311 - no secret
    own = dict(enumerate(probes, start=first))
    ends = {"from": _hardware(lab, by), "to": _hardware(lab, node)}
    asked = [_asked(lab.node(node), one, port) | ends for port, one in own.items()]
    _inside(lab, node, "nft", "-f", "-", given=_table(own))
    answers = _sent(lab, by, asked)
    witnessed = _witnessed(lab, node)
    return [
        (
            int(witnessed[f"came{port}"]),
            Scan(
                frozenset(int(n) for n in witnessed[f"passed{port}"]),
                frozenset(one["open"]),
                frozenset(one["closed"]),
            ),
        )
        for port, one in zip(own, answers, strict=True)
    ]


def _asked(server: Node, probe: Probe, port: int) -> dict[str, Any]:
    return {
        "version": probe.version,
        "protocol": _NUMBER[probe.protocol],
        "source": probe.source,
        "target": server.ipv6 if probe.version == 6 else server.ipv4,  # noqa: PLR2004
        "ports": list(probe.ports),
        "flags": probe.flags,
        "source_port": port,
    }


def _table(own: Mapping[int, Probe]) -> str:
    """Return the witness's table: probes are told apart by their source ports."""
    places, came, passed = [], [], []
    for port, probe in own.items():
        ip = "ip6" if probe.version == 6 else "ip"  # noqa: PLR2004
        match = f"{ip} saddr {probe.source} {ip} dscp {MARK} meta l4proto "
        if probe.protocol == "ip":
            match += "!= { tcp, udp }"
            kind, field = "inet_proto", "meta l4proto"
        else:
            match += f"{probe.protocol} th sport {port}"
            kind, field = "inet_service", "th dport"
        places.append(f"counter came{port} {{ }}")
        places.append(f"set passed{port} {{ type {kind}; flags dynamic; size 65536; }}")
        came.append(f"{match} counter name came{port}")
        passed.append(f"{match} add @passed{port} {{ {field} }}")
    blocks = ("\n".join(lines) for lines in (places, came, passed))
    return _TABLE.format(**dict(zip(("places", "came", "passed"), blocks, strict=True)))


def _hardware(lab: Lab, name: str) -> str:
    rows = json.loads(run(["ip", "-n", lab.network.space(name), "-j", "link"]))
    return next(str(row["address"]) for row in rows if row["ifname"] == "eth0")


def _inside(lab: Lab, node: str, *argv: str, given: str | None = None) -> str:
    enter = ["ip", "netns", "exec", lab.network.space(node)]
    return run([*enter, *argv], given=given)


def _sent(lab: Lab, by: str, asked: object) -> list[dict[str, list[int]]]:
    enter = ["ip", "netns", "exec", lab.network.space(by)]
    argv = [*enter, sys.executable, "-m", "lab.scan_sender"]
    done = subprocess.run(
        argv, input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LabError(f"the scan from {by} failed: {done.stderr[-2000:]}")
    found: list[dict[str, list[int]]] = json.loads(done.stdout)
    return found


def _witnessed(lab: Lab, node: str) -> Mapping[str, Any]:
    """Return how many packets came in, and the ports of those that passed."""
    table = ("--json", "--numeric-protocol", "list", "table", "inet", "zmward_scan")
    rows = json.loads(_inside(lab, node, "nft", *table))["nftables"]
    _inside(lab, node, "nft", "delete", "table", "inet", "zmward_scan")
    found: dict[str, Any] = {}
    for row in rows:
        if "counter" in row:
            found[row["counter"]["name"]] = row["counter"]["packets"]
        elif "set" in row:
            found[row["set"]["name"]] = row["set"].get("elem", [])
    return found


def spans(ports: frozenset[int]) -> str:
    """Return ports as a person reads them: 25, 80, 110-143."""
    found: list[list[int]] = []
    for port in sorted(ports):
        if found and port == found[-1][1] + 1:
            found[-1][1] = port
        else:
            found.append([port, port])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found) or "none"
