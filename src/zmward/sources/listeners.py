"""Listening sockets, as ss tells them."""

import ipaddress

import msgspec

from zmward.sources._sockets import program
from zmward.sources.source import Command, Source, Unreadable


class Listener(msgspec.Struct, frozen=True):
    """One listening socket; the address `*` or `::` means all of a family."""

    protocol: str
    address: str
    port: int
    program: str = ""

    @property
    def everywhere(self) -> bool:
        """Say whether the socket answers on every address."""
        return self.address in ("*", "0.0.0.0", "::")  # noqa: S104  # compared only

    @property
    def loopback(self) -> bool:
        """Say whether only the host itself reaches the socket."""
        if self.everywhere:
            return False
        return ipaddress.ip_address(self.address).is_loopback


def _listener(line: str) -> Listener:
    words = line.split()
    if len(words) < 5:  # Netid State Recv-Q Send-Q Local [Peer Users]
        raise Unreadable(f"ss: not a socket: {line[:60]!r}")
    address, _, port = words[4].rpartition(":")
    if address == "::":  # before iproute2 4.14: no brackets, often both families
        address = "*"
    address = address.strip("[]").partition("%")[0]
    try:
        if address != "*":
            found = ipaddress.ip_address(address)
            # Java binds IPv4 addresses through sockets of IPv6.
            mapped = found.ipv4_mapped if found.version == 6 else None  # IPv6
            address = str(mapped) if mapped else address
        number = int(port)
    except ValueError as error:
        raise Unreadable(f"ss: not an address: {words[4]!r}") from error
    return Listener(words[0], address, number, program(line))


def parse(answer: str) -> tuple[Listener, ...]:
    """Read `ss -Hltunp`."""
    return tuple(_listener(line) for line in answer.splitlines() if line.strip())


LISTENERS = Source(
    name="listeners",
    about="Listening TCP and UDP sockets.",
    question=Command(("ss",), ("-Hltunp",)),
    parse=parse,
)
