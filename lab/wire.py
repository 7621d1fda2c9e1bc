"""Real packets against a real rule set: two namespaces, one cable, two witnesses.

Others than ours, such as answers of the far end, are known by where they come from.
A packet bears its number in IPv4's identification or IPv6's flow label. One witness
notes the numbers that came in, the other those that no rule of `input` stopped.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.network import GATEWAY_IPV4, GATEWAY_IPV6, NODE_IPV4, NODE_IPV6, PREFIX
from lab.process import run

SENDER, OPENER = "lab.wire_sender", "lab.wire_opener"
# The host's own address on the link, made from that of its card.
LINK_LOCAL = "fe80::ff:fe00:10"
_MAC = "02:00:00:00:00:10"
WITNESS = """
table inet zmward_witness {
    set came4 { typeof ip id; flags dynamic; size 65535; }
    set came6 { typeof ip6 flowlabel; flags dynamic; size 65535; }
    set let4 { typeof ip id; flags dynamic; size 65535; }
    set let6 { typeof ip6 flowlabel; flags dynamic; size 65535; }
    chain came {
        type filter hook prerouting priority -500;
        ether saddr != 02:00:00:00:00:66 accept
        iifname "lo" ip ttl != 177 accept
        iifname "lo" ip6 hoplimit != 255 accept
        meta nfproto ipv4 add @came4 { ip id }
        meta nfproto ipv6 add @came6 { ip6 flowlabel }
    }
    chain let {
        type filter hook input priority 2000;
        ether saddr != 02:00:00:00:00:66 accept
        iifname "lo" ip ttl != 177 accept
        iifname "lo" ip6 hoplimit != 255 accept
        meta nfproto ipv4 add @let4 { ip id }
        meta nfproto ipv6 add @let6 { ip6 flowlabel }
    }
}
"""
_QUIET = (
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.conf.all.accept_local=1",
    "net.ipv6.conf.default.accept_dad=0",
    "net.ipv6.conf.default.accept_ra=0",
    "net.ipv4.icmp_ratelimit=0",
    "net.netfilter.nf_conntrack_tcp_loose=1",
)


@dataclass(frozen=True)
class Witnessed:
    """Numbers of packets that came in, and of those that no rule stopped."""

    came: frozenset[int]
    let: frozenset[int]


@dataclass(frozen=True)
class Wire:
    """A server's namespace with rules, and the sender's on the other end.

    Every interface of the server but the loopback is a cable to the sender.
    """

    name: str
    interfaces: tuple[str, ...] = ("eth0",)

    @property
    def server(self) -> str:
        """Return the namespace in which rules are loaded."""
        return f"{PREFIX}{self.name}-s"

    @property
    def sender(self) -> str:
        """Return the namespace from which packets are sent."""
        return f"{PREFIX}{self.name}-a"

    def inside(self, *argv: str, given: str | None = None) -> str:
        """Run a command on the server's end."""
        return run(["ip", "netns", "exec", self.server, *argv], given=given)

    def up(self) -> None:
        """Make both ends; the server answers to nobody but takes all packets."""
        for name in (self.server, self.sender):
            run(["ip", "netns", "add", name])
        self.inside("sysctl", "-q", "-w", *_QUIET)
        self.plug("eth0")
        for name, ipv4, ipv6 in (
            (self.server, NODE_IPV4, NODE_IPV6),
            (self.sender, GATEWAY_IPV4, GATEWAY_IPV6),
        ):
            add = ["ip", "-n", name, "address", "add"]
            run([*add, f"{ipv4}/24", "dev", "eth0"])
            run([*add, f"{ipv6}/64", "dev", "eth0", "nodad"])
            run(["ip", "-n", name, "link", "set", "lo", "up"])
        via = ("route", "add", "default", "via")
        run(["ip", "-n", self.server, *via, GATEWAY_IPV4])
        run(["ip", "-n", self.server, "-6", *via, GATEWAY_IPV6])

    def plug(self, interface: str) -> None:
        """Join both ends by a cable that bears one name on either."""
        peer = ("peer", "name", interface, "netns", self.sender)
        link = ("link", "add", interface, "address", _MAC, "type", "veth", *peer)
        run(["ip", "-n", self.server, *link])
        for name in (self.server, self.sender):
            run(["ip", "-n", name, "link", "set", interface, "up"])

    def join(self, group: str) -> None:
        """Let the server listen to a group of addresses on its first interface."""
        add = ("address", "add", group, "dev", "eth0", "autojoin")
        run(["ip", "-n", self.server, *add])

    def watch(self) -> None:
        """Load the witnesses; last, since a rule set may flush all others."""
        self.inside("nft", "-f", "-", given=WITNESS)

    def down(self) -> None:
        """Remove both ends."""
        for name in (self.server, self.sender):
            run(["ip", "netns", "delete", name])

    def open(self, datagrams: Sequence[bytes]) -> None:
        """Let the server itself send datagrams, each of which may be answered."""
        _given(self.server, OPENER, (one.hex() for one in datagrams))

    def send(self, frames: Sequence[tuple[str, bytes]]) -> None:
        """Send frames as they are: from the other end, or round the loopback."""
        own = [f"{name} {one.hex()}" for name, one in frames if name == "lo"]
        others = [f"{name} {one.hex()}" for name, one in frames if name != "lo"]
        for namespace, lines in ((self.server, own), (self.sender, others)):
            if lines:
                _given(namespace, SENDER, lines)

    def witnessed(self) -> Witnessed:
        """Return which packets came in, and which passed."""
        rows = json.loads(self.inside("nft", "-j", "list", "ruleset"))["nftables"]
        seen: dict[str, set[int]] = {}
        for row in rows:
            found: Mapping[str, object] = row.get("set", {})
            if found.get("table") == "zmward_witness":
                held = found.get("elem", [])
                numbers = held if isinstance(held, list) else []
                word = str(found["name"])[:-1]
                seen.setdefault(word, set()).update(int(n) for n in numbers)
        return Witnessed(
            frozenset(seen.get("came", ())), frozenset(seen.get("let", ()))
        )

    def listing(self) -> str:
        """Return the rules in nft's own language; the witnesses are not loaded yet."""
        return self.inside("nft", "list", "ruleset")

    def ruleset(self) -> str:
        """Return what nft tells, without the witnesses."""
        rows = json.loads(self.inside("nft", "-j", "list", "ruleset"))["nftables"]
        kept = [row for row in rows if not _witness(row)]
        return json.dumps({"nftables": kept})


def _given(namespace: str, module: str, lines: Iterable[str]) -> None:
    """Run one of our modules in a namespace; it reads lines."""
    argv = ["ip", "netns", "exec", namespace, sys.executable, "-m", module]
    text, root = "\n".join(lines), Path(__file__).parents[1]
    subprocess.run(argv, input=text, text=True, check=True, timeout=120, cwd=root)


def _witness(row: Mapping[str, Mapping[str, str]]) -> bool:
    kind, value = next(iter(row.items()))
    name = value.get("name") if kind == "table" else value.get("table")
    return name == "zmward_witness"


@contextmanager
def wire() -> Iterator[Wire]:
    """Give a wire of its own."""
    made = Wire(f"w{os.getpid() % 100000}{random.randrange(10000):04}")  # noqa: S311
    made.up()
    try:
        yield made
    finally:
        made.down()
