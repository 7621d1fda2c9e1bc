"""What lives outside the mail server: name servers and time."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from lab import loghost, network
from lab.layers import Layer, mount_overlay
from lab.network import Network
from lab.nodes import Node, having
from lab.process import within

CHRONY = f"""\
local stratum 8
allow
bindaddress {network.GATEWAY_IPV4}
cmdport 0
pidfile /run/lab-chronyd.pid
driftfile /run/lab-chronyd.drift
"""
# Four ways in which a blocklist answers: it works, it is dead, it lists the whole
# world since it closed, or it refuses the resolver that asks (127.255.255.254).
LIVE = ("rbl-live.example.test", "zen.spamhaus.org", "bl.spamcop.net")
DEAD = ("rbl-dead.example.test", "dnsbl.sorbs.net")
LISTS_ALL = ("rbl-all.example.test",)
REFUSES = ("rbl-refusing.example.test",)
RECORDS = (
    ("gateway.example.test.", "A", network.GATEWAY_IPV4),
    ("admin.example.test.", "A", network.ADMIN_IPV4),
    ("loghost.example.test.", "A", network.ADMIN_IPV4),
    ("client.example.test.", "A", network.INTERNET_IPV4),
    ("client.example.test.", "AAAA", network.INTERNET_IPV6),
    ("example.test.", "TXT", '"v=spf1 mx -all"'),
)
DOMAINS = ("example.test.", "second.test.", "third.test.")
REVERSE = (
    (network.GATEWAY_IPV4, "gateway.example.test"),
    (network.ADMIN_IPV4, "admin.example.test"),
    (network.INTERNET_IPV4, "client.example.test"),
    (network.INTERNET_IPV6, "client.example.test"),
)


def _records(nodes: Sequence[Node]) -> Iterator[tuple[str, str, str]]:
    for node in nodes:
        yield f"{node.host}.", "A", node.ipv4
        yield f"{node.host}.", "AAAA", node.ipv6
    yield "webmail.example.test.", "A", having(nodes, "proxy").ipv4
    for domain in DOMAINS:
        yield domain, "MX", f"10 {having(nodes, 'mta').host}."
    yield from RECORDS


def _reverse(nodes: Sequence[Node]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        yield node.ipv4, node.host
        yield node.ipv6, node.host
    yield from REVERSE


def _zones(nodes: Sequence[Node]) -> Iterator[str]:
    for zone in ("test.", "2.0.192.in-addr.arpa.", "100.51.198.in-addr.arpa."):
        yield f'local-zone: "{zone}" static'
    for zone in (*LIVE, *DEAD):
        yield f'local-zone: "{zone}." static'
    for zone in LIVE:
        yield f'local-data: "2.0.0.127.{zone}. A 127.0.0.2"'
    for zone, answer in [
        *((zone, "127.0.0.2") for zone in LISTS_ALL),
        *((zone, "127.255.255.254") for zone in REFUSES),
    ]:
        yield f'local-zone: "{zone}." redirect'
        yield f'local-data: "{zone}. A {answer}"'
    for name, kind, value in _records(nodes):
        yield f"local-data: '{name} 300 {kind} {value}'"
    for address, name in _reverse(nodes):
        yield f'local-data-ptr: "{address} {name}"'


def unbound_configuration(nodes: Sequence[Node]) -> str:
    """Return a name server's configuration that answers from its own rows only."""
    return "\n".join(
        [
            "server:",
            f"interface: {network.GATEWAY_IPV4}",
            f"interface: {network.GATEWAY_IPV6}",
            "access-control: 0.0.0.0/0 allow",
            "access-control: ::/0 allow",
            "do-daemonize: no",
            'pidfile: ""',
            'chroot: ""',
            'username: ""',
            "use-syslog: no",
            'module-config: "iterator"',
            'local-zone: "." static',
            *_zones(nodes),
            "remote-control:",
            "control-enable: no",
            "",
        ]
    )


def start(net: Network, base: Layer, directory: Path, groups: list[Path]) -> None:
    """Start the outside's servers from the image's own packages."""
    root = directory / "outside"
    mount_overlay(base.trees, directory / "out-upper", directory / "out-work", root)
    (root / "etc/lab-chrony.conf").write_text(CHRONY)
    (root / "etc/lab-unbound.conf").write_text(unbound_configuration(net.nodes))
    loghost.prepare(root)
    for argv in (
        list(loghost.ARGV),
        ["chronyd", "-x", "-d", "-u", "root", "-f", "/etc/lab-chrony.conf"],
        ["unbound", "-d", "-c", "/etc/lab-unbound.conf"],
    ):
        inside = ["ip", "netns", "exec", net.outside, *within(root, argv)]
        spawn(inside, groups, directory / f"{argv[0]}.log")


def spawn(argv: list[str], groups: list[Path], log: Path) -> None:
    """Start a process in the lab's control groups that outlives its starter."""

    def join() -> None:
        for group in groups:
            group.write_text(str(os.getpid()))

    with log.open("wb") as output:
        subprocess.run(
            ["setsid", "--fork", *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
            preexec_fn=join,
        )
