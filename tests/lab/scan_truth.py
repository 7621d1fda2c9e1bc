"""What each lab server really lets the outside see: from `ss`, rules and settings.

Nothing here comes from a scan.
"""

import ipaddress
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.node import Lab
from lab.nodes import Node

# Which protocol each port of the lab's servers speaks, by the settings of its states:
# master.cf, nginx's templates, localconfig; and whether TLS begins at once.
SPEAKS: Mapping[int, tuple[str, bool]] = {
    22: ("ssh", False),
    25: ("smtp", False),
    80: ("http", False),
    110: ("pop3", False),
    143: ("imap", False),
    389: ("ldap", False),
    443: ("http", True),
    465: ("smtp", True),
    587: ("smtp", False),
    636: ("ldap", True),
    993: ("imap", True),
    995: ("pop3", True),
    7025: ("lmtp", False),
    7071: ("http", True),
    7072: ("http", True),
    7073: ("http", True),
    7110: ("pop3", False),
    7143: ("imap", False),
    7993: ("imap", True),
    7995: ("pop3", True),
    8080: ("http", False),
    8443: ("http", True),
    9071: ("http", True),
    11211: ("memcached", False),
}
# What the rules of a state let in from the internet and from the LAN's gateway, as its
# nftables.conf says; a state that is not here has no rules.
LET_IN: Mapping[str, frozenset[int]] = {"hardened": frozenset({25, 443, 465, 587, 993})}
# Who says its version, by which package's upstream version.
TELLS: Mapping[str, tuple[str, str]] = {
    "ssh": ("OpenSSH", "openssh-server"),
    "memcached": ("memcached", "memcached"),
}
# sshd adds its package's own revision, as Debian has it.
_REVISED = "ssh"
_SOCKET = re.compile(r"(?P<place>\S+):(?P<port>\d+)$")
_VERSION = re.compile(r"(?:\d+:)?(?P<version>[0-9.]+p?[0-9]*)-(?P<revision>\S+)")


@dataclass(frozen=True, order=True)
class Open:
    """One open TCP port of an address, and what must be said of it."""

    address: str
    port: int
    service: str
    tls: bool


def listening(lab: Lab, node: Node, option: str = "-Hltn") -> set[tuple[str, int]]:
    """Return address and port of each socket that others could reach."""
    done = lab.run(node.name, ["ss", option])
    assert done.returncode == 0, done.stderr
    found = set()
    for line in done.stdout.splitlines():
        match = _SOCKET.search(line.split()[3])
        assert match, line
        found |= {
            (address, int(match["port"])) for address in _reached(match["place"], node)
        }
    return found


def _reached(place: str, node: Node) -> Iterator[str]:
    """Yield the node's own addresses on which a socket is heard."""
    bare = place.strip("[]").partition("%")[0]
    for address in (node.ipv4, node.ipv6):
        wild = {"*", "::"} if ":" in address else {"*", "0.0.0.0"}  # noqa: S104  # a name
        if bare in wild or bare == address:
            yield address


def opened(lab: Lab, node: Node) -> set[Open]:
    """Return every open TCP port, with what it speaks."""
    allowed = LET_IN.get(lab.state)
    return {
        Open(address, port, *SPEAKS[port])
        for address, port in listening(lab, node)
        if allowed is None or port in allowed
    }


def versions(lab: Lab, node: Node) -> dict[str, tuple[str, str]]:
    """Return product and version of the services that must tell them."""
    found = {}
    for service, (product, package) in TELLS.items():
        argv = ["dpkg-query", "-W", "-f", "${Version}", package]
        match = _VERSION.match(lab.run(node.name, argv).stdout)
        if match:
            revision = f" Debian-{match['revision']}" if service == _REVISED else ""
            found[service] = (product, match["version"] + revision)
    return found


def scanned(
    lab: Lab, words: Sequence[str], source: str = "", timeout: int = 300
) -> dict[str, Any]:
    """Run `zmward scan --json` outside; `source` is where it looks from."""
    program = str(Path(sys.executable).parent / "zmward")
    hosts = [word for word in words if _is_host(word)]
    vouched = [word for host in hosts for word in ("--i-may-scan", host)]
    routes = _routes(hosts, source)
    for route in routes:
        lab.run("outside", ["ip", "route", "replace", *route])
    try:
        argv = ["env", f"HOME={os.devnull}", "ZMWARD_ETC=/nonexistent", program]
        argv += ["scan", "--json", "--quiet", *words, *vouched]
        done = subprocess.run(
            lab.argv("outside", argv),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    finally:
        for route in routes:
            lab.run("outside", ["ip", "route", "delete", route[0]])
    assert done.returncode in (0, 1, 3), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _is_host(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return word.endswith(".example.test")
    return True


def _routes(hosts: Sequence[str], source: str) -> list[list[str]]:
    """Return routes on which the outside looks from one of its addresses."""
    if not source:
        return []
    return [[host, "dev", "eth0", "src", source] for host in hosts]


def seen(document: Mapping[str, Any]) -> set[Open]:
    """Return the open TCP ports of a scan."""
    return {
        Open(row["address"], row["port"], row["service"], row["tls"])
        for row in document["ports"]
        if row["state"] == "open" and row["proto"] == "tcp"
    }
