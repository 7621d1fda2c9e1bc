"""All ports of a node from one address: what came in, what passed, what answered.

A table of its own counts the packets before the packet filter sees them, and notes the
ports of those that no rule has stopped. Nothing is concluded from silence.
"""

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lab.errors import LabError
from lab.network import OUTSIDE
from lab.node import Lab
from lab.process import run
from lab.scan_sender import MARK

Protocol = Literal["tcp", "udp"]
ALL_PORTS = tuple(range(1, 65536))
_NUMBER: dict[Protocol, int] = {"tcp": 6, "udp": 17}
_TRIES = 3
_TABLE = """\
add table inet zmward_scan
delete table inet zmward_scan
table inet zmward_scan {{
    counter came {{ }}
    set passed {{ type inet_service; flags dynamic; size 65536; }}
    chain came {{
        type filter hook prerouting priority -500;
        {probe} counter name came
    }}
    chain passed {{
        type filter hook input priority 2000;
        {probe} add @passed {{ th dport }}
    }}
}}
"""
_PROBE = "{ip} saddr {source} {ip} dscp {mark} meta l4proto {protocol}"


@dataclass(frozen=True)
class Scan:
    """What became of one packet to each port, all of which have come in.

    `passed` are the ports that no rule closed; `open` of them accepted, `closed` said
    that nobody listens.
    """

    passed: frozenset[int]
    open: frozenset[int]
    closed: frozenset[int]


def scan(
    lab: Lab,
    source: str,
    node: str,
    *,
    by: str = OUTSIDE,
    protocol: Protocol = "tcp",
    ports: Sequence[int] = ALL_PORTS,
) -> Scan:
    """Try all ports of a node from an address of the outside or of another node."""
    server = lab.node(node)
    six = ":" in source
    asked = {
        "version": 6 if six else 4,
        "protocol": _NUMBER[protocol],
        "source": source,
        "target": server.ipv6 if six else server.ipv4,
        "from": _hardware(lab, by),
        "to": _hardware(lab, node),
        "ports": list(ports),
    }
    for _ in range(_TRIES):
        asked["source_port"] = random.randrange(20_000, 60_000)  # noqa: S311 - no secret
        _witness(lab, node, source, protocol)
        answers = _sent(lab, by, asked)
        came, passed = _witnessed(lab, node)
        found = Scan(passed, *(frozenset(answers[k]) for k in ("open", "closed")))
        # On a busy machine packets and answers may be lost: then all is tried again.
        silent = passed - found.open - found.closed if protocol == "tcp" else ()
        if came == len(ports) and not silent:
            return found
    if came != len(ports):
        raise LabError(f"of {len(ports)} packets to {node} only {came} came in")
    return found


def _hardware(lab: Lab, name: str) -> str:
    rows = json.loads(run(["ip", "-n", lab.network.space(name), "-j", "link"]))
    return next(str(row["address"]) for row in rows if row["ifname"] == "eth0")


def _inside(lab: Lab, node: str, *argv: str, given: str | None = None) -> str:
    enter = ["ip", "netns", "exec", lab.network.space(node)]
    return run([*enter, *argv], given=given)


def _witness(lab: Lab, node: str, source: str, protocol: Protocol) -> None:
    family = "ip6" if ":" in source else "ip"
    probe = _PROBE.format(ip=family, source=source, mark=MARK, protocol=protocol)
    _inside(lab, node, "nft", "-f", "-", given=_TABLE.format(probe=probe))


def _sent(lab: Lab, by: str, asked: object) -> dict[str, list[int]]:
    enter = ["ip", "netns", "exec", lab.network.space(by)]
    argv = [*enter, sys.executable, "-m", "lab.scan_sender"]
    done = subprocess.run(
        argv, input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LabError(f"the scan from {by} failed: {done.stderr[-2000:]}")
    found: dict[str, list[int]] = json.loads(done.stdout)
    return found


def _witnessed(lab: Lab, node: str) -> tuple[int, frozenset[int]]:
    """Return how many packets came in, and the ports of those that passed."""
    table = ("-j", "list", "table", "inet", "zmward_scan")
    rows = json.loads(_inside(lab, node, "nft", *table))["nftables"]
    came = next(row["counter"]["packets"] for row in rows if "counter" in row)
    passed = next(row["set"].get("elem", []) for row in rows if "set" in row)
    _inside(lab, node, "nft", "delete", "table", "inet", "zmward_scan")
    return int(came), frozenset(int(port) for port in passed)


def spans(ports: frozenset[int]) -> str:
    """Return ports as a person reads them: 25, 80, 110-143."""
    found: list[list[int]] = []
    for port in sorted(ports):
        if found and port == found[-1][1] + 1:
            found[-1][1] = port
        else:
            found.append([port, port])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found) or "none"
