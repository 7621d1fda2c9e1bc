"""Loads sets and rules, sends packets through them, and prints which rules counted.

Run inside a network namespace of its own: `python ipset_probe.py < JSON`.
"""

import contextlib
import json
import socket
import struct
import subprocess
import sys
from typing import Any

TTL = 77
TOOLS = {"ipv4": "iptables-legacy", "ipv6": "ip6tables-legacy"}
LENGTHS = {"ipv4": 32, "ipv6": 128}
HEADER = {"ipv4": "-m ttl --ttl-eq", "ipv6": "-m hl --hl-eq"}


def run(*argv: str, given: str = "") -> str:
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=True)
    return done.stdout


def rules(family: str, matches: list[str]) -> str:
    """Return a chain that only what is sent here enters: answers have another TTL."""
    lines = [f"-A TESTS -m set {match}" for match in matches]
    enter = f"-A INPUT {HEADER[family]} {TTL} -j TESTS"
    chains = (":INPUT ACCEPT [0:0]", ":TESTS - [0:0]")
    return "\n".join(("*filter", *chains, enter, *lines, "COMMIT", ""))


def send(packet: dict[str, Any]) -> None:
    """Send one packet from one of our own addresses to another."""
    six = packet["family"] == "ipv6"
    kinds = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
    kind = kinds.get(packet["protocol"], socket.SOCK_RAW)
    number = 0
    if kind is socket.SOCK_RAW:
        number = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
        number = packet.get("number", number)
    with socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind, number) as one:
        if six:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, TTL)
        else:
            one.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, TTL)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.settimeout(0)
        raw = kind is socket.SOCK_RAW
        one.bind((packet["source"], 0 if raw else packet["source_port"]))
        target = (packet["destination"], 0 if raw else packet["destination_port"])
        if packet["protocol"] == "tcp":
            with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                one.connect(target)
        elif raw:
            kind_code = packet.get("icmp", [0, 0])
            one.sendto(struct.pack("!BBHHH", *kind_code, 0, 1, 1), target)
        else:
            one.sendto(b"x", target)


def counted(family: str, number: int) -> list[int]:
    """Return which rules counted the one packet that was sent since."""
    text = run(f"{TOOLS[family]}-save", "-c")
    lines = [line for line in text.splitlines() if "] -A TESTS" in line]
    assert len(lines) == number, text
    return [n for n, line in enumerate(lines) if not line.startswith("[0:")]


def main() -> None:
    """Do as the JSON on standard input says."""
    asked = json.load(sys.stdin)
    run("ip", "link", "set", "lo", "up")
    for family, address in asked["addresses"]:
        place = f"{address}/{LENGTHS[family]}"
        words = ["nodad"] if family == "ipv6" else []
        run("ip", "address", "add", place, "dev", "lo", *words)
    made = []
    for line in asked["sets"]:
        done = subprocess.run(["ipset", *line.split()], check=False)
        made.append(done.returncode)
    matches = asked["matches"]
    found = []
    for family, tool in TOOLS.items():
        run(f"{tool}-restore", given=rules(family, matches[family]))
    for packet in asked["packets"]:
        family = packet["family"]
        run(TOOLS[family], "-Z")
        send(packet)
        found.append(counted(family, len(matches[family])))
    saved = {family: run(f"{tool}-save") for family, tool in TOOLS.items()}
    sys.stdout.write(json.dumps([made, run("ipset", "save"), saved, found]))


if __name__ == "__main__":
    main()
