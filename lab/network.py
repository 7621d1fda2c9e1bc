"""The two network namespaces of a lab: the mail server's and the outside."""

import json
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.process import run

NODE_IPV4 = "192.0.2.10"
NODE_IPV6 = "2001:db8:0:1::10"
GATEWAY_IPV4 = "192.0.2.1"
GATEWAY_IPV6 = "2001:db8:0:1::1"
ADMIN_IPV4 = "192.0.2.66"
ADMIN_IPV6 = "2001:db8:0:1::66"
INTERNET_IPV4 = "198.51.100.7"
INTERNET_IPV6 = "2001:db8:0:2::7"
PREFIX = "zmward-"


@dataclass(frozen=True)
class Network:
    """The names of a lab's namespaces."""

    lab: str

    @property
    def node(self) -> str:
        """Return the namespace of the mail server."""
        return f"{PREFIX}{self.lab}-mail"

    @property
    def outside(self) -> str:
        """Return the namespace of clients, attackers, time and name servers."""
        return f"{PREFIX}{self.lab}-outside"

    def create(self) -> None:
        """Create both namespaces, joined by one cable."""
        for name in (self.node, self.outside):
            run(["ip", "netns", "add", name])
        self._ip(
            self.node,
            *("link", "add", "eth0", "type", "veth"),
            *("peer", "name", "eth0", "netns", self.outside),
        )
        self._address(self.node, "eth0", f"{NODE_IPV4}/24", f"{NODE_IPV6}/64")
        self._address(self.outside, "lo", f"{INTERNET_IPV4}/32", f"{INTERNET_IPV6}/128")
        for ipv4, ipv6 in ((GATEWAY_IPV4, GATEWAY_IPV6), (ADMIN_IPV4, ADMIN_IPV6)):
            self._address(self.outside, "eth0", f"{ipv4}/24", f"{ipv6}/64")
        for name in (self.node, self.outside):
            self._ip(name, "link", "set", "lo", "up")
            self._ip(name, "link", "set", "eth0", "up")
        self._ip(self.node, "route", "add", "default", "via", GATEWAY_IPV4)
        self._ip(self.node, "-6", "route", "add", "default", "via", GATEWAY_IPV6)

    def delete(self) -> None:
        """Delete the namespaces that exist; what lives in them goes with them."""
        existing = set(namespaces())
        for name in (self.node, self.outside):
            if name in existing:
                run(["ip", "netns", "delete", name])

    def pids(self) -> list[int]:
        """Return the processes that live in the lab's namespaces."""
        existing = set(namespaces())
        found = []
        for name in {self.node, self.outside} & existing:
            found += [int(pid) for pid in run(["ip", "netns", "pids", name]).split()]
        return found

    def _ip(self, namespace: str, *argv: str) -> None:
        run(["ip", "-n", namespace, *argv])

    def _address(self, namespace: str, link: str, *addresses: str) -> None:
        for address in addresses:
            # Without nodad an IPv6 address is unusable for its first second.
            nodad = ("nodad",) if ":" in address else ()
            self._ip(namespace, "address", "add", address, "dev", link, *nodad)


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
