"""What the proofs of the firewall share: evidence of all nodes, rules, and scans."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from lab.layers import REPOSITORY
from lab.network import OUTSIDE
from lab.node import Lab
from lab.nodes import Node
from lab.record import ssh_argv
from lab.scan import Probe, Scan, scans, spans

from zmward.catalog.foreign_ports import FOREIGN
from zmward.catalog.ports import PORTS
from zmward.doors.host import Done, command
from zmward.doors.packet_filter import load_rules, read_rules, restore_rules
from zmward.evidence import DIRECTORY, Evidence, decode, encode
from zmward.facts import Facts
from zmward.finding import moment
from zmward.firewall.openings import FAMILIES, Policy
from zmward.firewall.ranges import Family, network
from zmward.firewall.render_iptables import ipset, iptables
from zmward.firewall.render_nftables import nftables
from zmward.profile import Profile
from zmward.ruleset import Backend, Rules

_ALL = "0.0.0.0"  # noqa: S104  # compared only
UDP_PORTS = tuple(
    sorted(
        {row.port for row in PORTS if "udp" in row.protocols}
        | {
            port
            for row in FOREIGN
            if row.protocol == "udp"
            for first, last in row.ports
            for port in range(first, last + 1)
        }
    )
)
# What a user does for each node with `zmward collect`, here with the sources that the
# verbs of the firewall ask, all nodes at once.
_COLLECT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from zmward.cli.firewall_place import ASKED
from zmward.doors.host import Remote
from zmward.engine.collect import collect
from zmward.evidence import encode, merge
with ThreadPoolExecutor(2) as pool:
    one = lambda host: collect(Remote(host), ASKED, "test")
    parts = list(pool.map(one, sys.argv[1:]))
sys.stdout.buffer.write(encode(merge(parts)))
"""


def facts(lab: Lab, profile: Mapping[str, Any]) -> Facts:
    """Return what all nodes of a lab say, asked over ssh by an administrator."""
    words = [f"PATH={lab.programs}:{os.environ['PATH']}", "LC_ALL=C.UTF-8"]
    words += [f"PYTHONPATH={REPOSITORY / 'src'}", sys.executable, "-c", _COLLECT]
    hosts = [f"root@{node.name}" for node in lab.nodes]
    done = lab.run(OUTSIDE, ["env", *words, *hosts], timeout=300)
    assert done.returncode == 0, done.stderr
    evidence = decode(done.stdout.encode(), "the lab's evidence")
    assert set(evidence.hosts) == {node.host for node in lab.nodes}
    return Facts(evidence, msgspec.convert(profile, Profile), moment(evidence.when))


class NodeDoor(msgspec.Struct, frozen=True):
    """A door to a node that needs no ssh: it works whatever the rules close."""

    lab: Lab
    node: str
    streams: int = 1

    @property
    def name(self) -> str:
        """Return how messages name the host."""
        return self.node

    def lines(self, script: str) -> Iterator[bytes]:
        """Run a script and yield what it prints."""
        yield from self.run(("sh", "-c", script)).out.splitlines(keepends=True)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        """Run one program as the product's other doors do."""
        words = self.lab.argv(self.node, ["sh", "-c", command(argv, user, seconds)])
        ended = subprocess.run(words, input=given, capture_output=True, check=False)
        return Done(ended.returncode, ended.stdout, ended.stderr)


def rules(found: Policy, backend: Backend) -> Rules:
    """Return a policy's rules as one of the programs takes them."""
    if backend == "nftables":
        return Rules("nftables", (nftables(found),))
    families = (iptables(found, family) for family in FAMILIES)
    return Rules("iptables", (ipset(found), *families))


def load(lab: Lab, node: str, found: Policy, backend: Backend = "nftables") -> None:
    """Load a policy's rules on a node, just as a plan or a trial does it."""
    load_rules(NodeDoor(lab, node), rules(found, backend), "proof", "/")


def try_and_confirm(lab: Lab, node: str, known: Facts, place: Path) -> None:
    """Load a node's rules as an administrator does, who then comes anew and keeps them.

    `place` holds the profile, and gets what is known of the other nodes.
    """
    words = ["--profile", str(place / "profile.toml"), "--confirm-within", "300"]
    for one in lab.nodes:
        if one.name != node:
            own = {name: known.evidence.answers[name] for name in (one.host, DIRECTORY)}
            file = place / f"{one.name}.json"
            file.write_bytes(encode(Evidence(known.evidence.when, own, "test")))
            words += ["--evidence", str(file)]
    asked = ssh_argv(lab, "firewall", "try", *words, "--yes", "--json", node=node)
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout or "{}")
    assert told.get("state") == "unconfirmed", done.stdout + done.stderr
    kept = ssh_argv(lab, "confirm", told["run"], node=node)
    done = subprocess.run(kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def unload(lab: Lab, node: str) -> None:
    """Remove a policy's rules from a node."""
    door = NodeDoor(lab, node)
    restore_rules(door, None, read_rules(door))
    assert read_rules(door) is None


def run(lab: Lab, node: str, *argv: str, given: str | None = None) -> str:
    """Run a command that must not fail, and return what it printed."""
    done = lab.run(node, argv, given=given)
    assert done.returncode == 0, f"{node}: {argv}: {done.stdout}{done.stderr}"
    return done.stdout


def family(address: str) -> Family:
    """Return the family of an address."""
    return "ipv6" if ":" in address else "ipv4"


def wanted(found: Policy, protocol: str, source: str) -> frozenset[int]:
    """Return the ports that a policy lets an address reach, straight from its rows."""
    number = network(source)[1][0]
    return frozenset(
        port
        for one in found.openings
        if one.protocol == protocol
        and not one.source_port
        and number in one.sources.of(family(source))
        for first, last in one.ports
        for port in range(first, last + 1)
    )


def protocols(source: str) -> tuple[int, ...]:
    """Return the IP protocols that nobody has named: not TCP, UDP, ICMP and IGMP.

    In IPv6, numbers of extension headers are none of protocols.
    """
    known = {1, 2, 6, 17, 58}
    if ":" in source:
        known |= {0, 43, 44, 50, 51, 59, 60, 135, 139, 140}
    return tuple(n for n in range(256) if n not in known)


def listening(lab: Lab, node: Node, source: str) -> frozenset[int]:
    """Return the TCP ports at which a node itself says that it answers a family."""
    rows = run(lab, node.name, "ss", "-Hltn").splitlines()
    own = {"*"} | ({"[::]", f"[{node.ipv6}]"} if ":" in source else {_ALL, node.ipv4})
    ends = (row.split()[3].rpartition(":") for row in rows)
    return frozenset(int(port) for address, _, port in ends if address in own)


@dataclass(frozen=True)
class Told:
    """One scan and what it should have found, as a line for people."""

    title: str
    scan: Scan
    wanted: frozenset[int]
    listening: frozenset[int]

    @property
    def wrong(self) -> str:
        """Return what is not as the policy says, an empty text where all is."""
        found, parts = self.scan, []
        answered = found.open | found.closed
        for said, ports in (
            ("let in against the policy", found.passed - self.wanted),
            ("kept out against the policy", self.wanted - found.passed),
            ("answered without being let in", answered - found.passed),
            ("open and not listening", found.open - self.listening),
            ("listening, let in and not open", self.silent),
        ):
            if ports:
                parts.append(f"{said}: {spans(ports)}")
        return f"{self.title}: {'; '.join(parts)}" if parts else ""

    @property
    def silent(self) -> frozenset[int]:
        """Return ports that should have accepted and did not; UDP says nothing."""
        return (self.listening & self.wanted) - self.scan.open

    def line(self) -> str:
        """Return the scan for people."""
        return (
            f"{self.title}: {len(self.scan.passed)} reach the node "
            f"({spans(self.scan.passed)}); open: {spans(self.scan.open)}"
        )


def _probes(source: str) -> list[Probe]:
    return [
        Probe(source),
        Probe(source, "udp", UDP_PORTS),
        Probe(source, "ip", protocols(source)),
    ]


def tried(
    lab: Lab,
    found: Policy | None,
    target: Node,
    who: str,
    addresses: Sequence[str],
    *,
    by: str = OUTSIDE,
) -> Iterator[Told]:
    """Try everything from some addresses; without a policy all of it is wanted."""
    probes = [probe for source in addresses for probe in _probes(source)]
    seen = scans(lab, target.name, probes, by=by)
    for probe, one in zip(probes, seen, strict=True):
        own = frozenset(probe.ports)
        if found is not None:
            own &= wanted(found, probe.protocol, probe.source)
        answers = listening(lab, target, probe.source) if probe.asks else frozenset()
        what = {"ip": "other protocols"}.get(probe.protocol, probe.protocol)
        title = f"{who} ({probe.source}) to {target.name}, {what}"
        yield Told(title, one, own, answers)


def show(title: str, told: Sequence[Told]) -> None:
    """Print scans, each in a line."""
    rows = [f"\n{title}", *(f"  {one.line()}" for one in told)]
    sys.stdout.write("\n".join(rows) + "\n")


def assert_all(told: Sequence[Told]) -> None:
    """Fail with every scan that found something else than the policy says."""
    wrong = [one.wrong for one in told if one.wrong]
    assert not wrong, "\n".join(wrong)
