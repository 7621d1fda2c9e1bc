"""zmserverips: this host's addresses, or with -n the networks they are in."""

import ipaddress
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def interfaces(links: Iterable[Mapping[str, Any]]) -> list[Interface]:
    """Return the addresses that ip -json shows, without link-local ones."""
    found = [
        ipaddress.ip_interface(f"{row['local']}/{row['prefixlen']}")
        for link in links
        for row in link.get("addr_info", ())
        if "local" in row
    ]
    return [one for one in found if not one.is_link_local]


def shown(one: Interface, *, networks: bool) -> str:
    """Return an address, or its network in the form that mynetworks takes."""
    if not networks:
        return str(one.ip)
    network = one.network
    if network.is_loopback and network.version == 4:  # noqa: PLR2004 - IPv4
        return "127.0.0.0/8"
    if network.version == 6:  # noqa: PLR2004 - IPv6
        return f"[{network.network_address}]/{network.prefixlen}"
    return str(network)


def main(argv: Sequence[str]) -> int:
    """Run zmserverips."""
    done = subprocess.run(
        ["ip", "-json", "address", "show", "up"],
        check=True,
        capture_output=True,
        text=True,
        timeout=10,
    )
    networks = "-n" in argv
    lines = [
        shown(one, networks=networks) for one in interfaces(json.loads(done.stdout))
    ]
    print(" ".join(dict.fromkeys(lines)) if networks else "\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
