"""The network namespaces of a lab: one for each server, and the outside."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.nodes import SINGLE, Node
from lab.process import run

NODE_IPV4 = SINGLE[0].ipv4
NODE_IPV6 = SINGLE[0].ipv6
GATEWAY_IPV4 = "192.0.2.1"
GATEWAY_IPV6 = "2001:db8:0:1::1"
_QUEUE = "net.unix.max_dgram_qlen=512"
_SYSTEM = Path("/etc/netns")
ADMIN_IPV4 = "192.0.2.66"
ADMIN_IPV6 = "2001:db8:0:1::66"
CLIENT_IPV4 = "192.0.2.77"
CLIENT_IPV6 = "2001:db8:0:1::77"
INTERNET_IPV4 = "198.51.100.7"
INTERNET_IPV6 = "2001:db8:0:2::7"
PREFIX = "zmward-"
OUTSIDE = "outside"
# What else than nodes has an address in the servers' network.
_NEIGHBOURS = (
    (GATEWAY_IPV4, GATEWAY_IPV6),
    (ADMIN_IPV4, ADMIN_IPV6),
    (CLIENT_IPV4, CLIENT_IPV6),
)


@dataclass(frozen=True)
class Network:
    """The names of a lab's namespaces."""

    lab: str
    nodes: tuple[Node, ...] = SINGLE

    @property
    def node(self) -> str:
        """Return the namespace of the first server."""
        return self.space(self.nodes[0].name)

    @property
    def outside(self) -> str:
        """Return the namespace of clients, attackers, time and name servers."""
        return self.space(OUTSIDE)

    def space(self, name: str) -> str:
        """Return the namespace of a node or of the outside."""
        return f"{PREFIX}{self.lab}-{name}"

    @property
    def _own(self) -> list[str]:
        return [self.outside, *(self.space(node.name) for node in self.nodes)]

    def create(self) -> None:
        """Create all namespaces, joined by one cable, or by a bridge outside."""
        for name in self._own:
            run(["ip", "netns", "add", name])
            self._ip(name, "link", "set", "lo", "up")
            # As systemd sets it where it boots a whole machine; with the kernel's 10,
            # journald drops most lines on their way to rsyslog where both have to wait.
            run(["ip", "netns", "exec", name, "sysctl", "-q", "-w", _QUEUE])
        if len(self.nodes) == 1:
            self._cable(self.node, "eth0")
        else:
            self._bridge()
        self._address(self.outside, "lo", f"{INTERNET_IPV4}/32", f"{INTERNET_IPV6}/128")
        self._ip(self.outside, "link", "set", "eth0", "up")
        for ipv4, ipv6 in _NEIGHBOURS:
            self._address(self.outside, "eth0", f"{ipv4}/24", f"{ipv6}/64")
        for node in self.nodes:
            self._join(node)
        # `ip netns exec` lays it over /etc for those who look from outside.
        _SYSTEM.joinpath(self.outside).mkdir(parents=True, exist_ok=True)
        own = _SYSTEM / self.outside / "resolv.conf"
        own.write_text(f"nameserver {GATEWAY_IPV4}\n")

    def _cable(self, space: str, end: str) -> None:
        self._ip(
            *(space, "link", "add", "eth0", "type", "veth"),
            *("peer", "name", end, "netns", self.outside),
        )

    def _bridge(self) -> None:
        # Without one of its own, its address changes with each cable.
        options = ("address", "02:00:00:00:00:01", "type", "bridge")
        self._ip(self.outside, "link", "add", "eth0", *options, "mcast_snooping", "0")
        for node in self.nodes:
            self._cable(self.space(node.name), node.name)
            self._ip(self.outside, "link", "set", node.name, "master", "eth0")
            self._ip(self.outside, "link", "set", node.name, "up")

    def _join(self, node: Node) -> None:
        space = self.space(node.name)
        self._address(space, "eth0", f"{node.ipv4}/24", f"{node.ipv6}/64")
        self._ip(space, "link", "set", "eth0", "up")
        self._ip(space, "route", "add", "default", "via", GATEWAY_IPV4)
        self._ip(space, "-6", "route", "add", "default", "via", GATEWAY_IPV6)

    def delete(self) -> None:
        """Delete the namespaces that exist; what lives in them goes with them."""
        for name in self._existing():
            run(["ip", "netns", "delete", name])
        shutil.rmtree(_SYSTEM / self.outside, ignore_errors=True)

    def pids(self) -> list[int]:
        """Return the processes that live in the lab's namespaces."""
        found = []
        for name in self._existing():
            found += [int(pid) for pid in run(["ip", "netns", "pids", name]).split()]
        return found

    def _existing(self) -> list[str]:
        """Return the namespaces of that lab, of whatever nodes it consists."""
        return [name for name in namespaces() if lab_of(name) == self.lab]

    def _ip(self, namespace: str, *argv: str) -> None:
        run(["ip", "-n", namespace, *argv])

    def _address(self, namespace: str, link: str, *addresses: str) -> None:
        for address in addresses:
            # Without nodad an IPv6 address is unusable for its first second.
            nodad = ("nodad",) if ":" in address else ()
            self._ip(namespace, "address", "add", address, "dev", link, *nodad)


def lab_of(namespace: str) -> str:
    """Return the name of the lab that a namespace belongs to."""
    return namespace.removeprefix(PREFIX).rpartition("-")[0]


def namespaces() -> list[str]:
    """Return the names of the lab's namespaces on this machine."""
    if not Path("/run/netns").is_dir():
        return []
    try:
        rows = json.loads(run(["ip", "-json", "netns", "list"]) or "[]")
    except json.JSONDecodeError as broken:
        raise LabError("ip -json netns list does not print JSON") from broken
    names = [row["name"] for row in rows]
    return [name for name in names if name.startswith(PREFIX)]
