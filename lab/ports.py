"""Two machines on one cable for sweeps: one asks, one has listeners and rules.

The truth about ports comes from `ss` and from the rules, never from a scan.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.process import run

IPV4, IPV6 = "10.99.7.2", "fd99:7::2"
ASKER_IPV4, ASKER_IPV6 = "10.99.7.1", "fd99:7::1"
# Addresses of the cable's networks that no machine has.
NOBODY_IPV4, NOBODY_IPV6 = "10.99.7.77", "fd99:7::77"
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Pair:
    """The namespaces of both machines."""

    asker: str
    server: str

    def inside(self, name: str, *argv: str, given: str | None = None) -> str:
        """Run a command on one of them."""
        return run(["ip", "netns", "exec", name, *argv], given=given)

    def rules(self, name: str, text: str) -> None:
        """Load rules of nftables instead of all others."""
        self.inside(name, "nft", "-f", "-", given=f"flush ruleset\n{text}")

    def listening(self) -> frozenset[int]:
        """Return the TCP ports on which the server listens, as its kernel says."""
        lines = self.inside(self.server, "ss", "-Hltn").splitlines()
        return frozenset(int(line.split()[3].rpartition(":")[2]) for line in lines)

    def sweep(self, *, by: str = "", **asked: Any) -> Mapping[str, Any]:
        """Sweep from the asker, or from another; return `swept`, `seconds`, `told`."""
        argv = ["ip", "netns", "exec", by or self.asker, sys.executable]
        done = subprocess.run(
            [*argv, "-m", "lab.ports_sweep"],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
            cwd=_ROOT,
            timeout=300,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        found: Mapping[str, Any] = json.loads(done.stdout)
        return found

    @contextmanager
    def listeners(self, tcp: Sequence[int], udp: Sequence[int] = ()) -> Iterator[None]:
        """Have the server listen on ports of both families, and echo datagrams."""
        argv = ["ip", "netns", "exec", self.server, sys.executable]
        told = json.dumps({"tcp": list(tcp), "udp": list(udp)})
        with subprocess.Popen(
            [*argv, "-m", "lab.ports_listen", told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
        ) as listening:
            try:
                if (
                    listening.stdout is None
                    or listening.stdout.readline() != b"ready\n"
                ):
                    raise RuntimeError("the listeners did not come up")
                yield
            finally:
                listening.kill()


@contextmanager
def pair() -> Iterator[Pair]:
    """Give two machines of their own."""
    name = f"swp{os.getpid() % 100000}{random.randrange(1000):03}"  # noqa: S311
    made = Pair(f"{name}-a", f"{name}-s")
    try:
        for one in (made.asker, made.server):
            run(["ip", "netns", "add", one])
        peer = ("type", "veth", "peer", "name", "eth0", "netns", made.server)
        run(["ip", "-n", made.asker, "link", "add", "eth0", *peer])
        for one, ipv4, ipv6 in (
            (made.asker, ASKER_IPV4, ASKER_IPV6),
            (made.server, IPV4, IPV6),
        ):
            run(["ip", "-n", one, "link", "set", "lo", "up"])
            run(["ip", "-n", one, "link", "set", "eth0", "up"])
            add = ("ip", "-n", one, "address", "add")
            run([*add, f"{ipv4}/24", "dev", "eth0"])
            run([*add, f"{ipv6}/64", "dev", "eth0", "nodad"])
        yield made
    finally:
        for one in (made.asker, made.server):
            subprocess.run(["ip", "netns", "delete", one], check=False)
