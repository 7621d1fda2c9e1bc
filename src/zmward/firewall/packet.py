"""One packet as it arrives, and what connection tracking makes of it."""

from typing import Final

import msgspec

from zmward.firewall.ranges import (
    NOTHING,
    Family,
    Pair,
    Ranges,
    network,
    ranges,
    single,
)
from zmward.firewall.rules import FLAGS, PROTOCOLS, STATES, TYPES, Field, Probe

TCP, UDP = PROTOCOLS["tcp"], PROTOCOLS["udp"]
ICMP, ICMPV6 = PROTOCOLS["icmp"], PROTOCOLS["icmpv6"]
_WITH_PORTS: Final = frozenset(
    {TCP, UDP, PROTOCOLS["sctp"], PROTOCOLS["dccp"], PROTOCOLS["udplite"]}
)
# Flags that the kernel's connection tracking takes for a packet that can exist
# (PSH, ECE and CWR do not count); net/netfilter/nf_conntrack_proto_tcp.c.
_S, _A, _F = FLAGS["SYN"], FLAGS["ACK"], FLAGS["FIN"]
_R, _U = FLAGS["RST"], FLAGS["URG"]
_VALID: Final = frozenset(
    {_S, _S | _U, _S | _A, _R, _R | _A, _F | _A, _F | _A | _U, _A, _A | _U}
)
# ICMP questions begin a connection; ICMPv6's neighbour discovery is never tracked.
_QUESTIONS: Final = {"ipv4": frozenset({8, 13, 15, 17}), "ipv6": frozenset({128, 139})}
# A redirect is none of it: net/netfilter/nf_conntrack_proto_icmpv6.c.
_UNTRACKED6: Final = frozenset({*range(130, 137), 143})
# Routers of multicast (RFC 4286): newer kernels do not track them, older ones take
# them for invalid.
_UNSETTLED6: Final = frozenset({151, 152, 153})
_EITHER: Final = ranges(
    (STATES[name], STATES[name]) for name in ("invalid", "untracked")
)
# Neighbour discovery counts only with a hop limit that no router has lowered.
_NEIGHBOURS: Final = frozenset(range(133, 138))
# To these a packet is for many hosts: routing tells so, and the card that takes it.
_GROUPS: Final[dict[Family, Pair]] = {
    "ipv4": network("224.0.0.0/4")[1],
    "ipv6": network("ff00::/8")[1],
}
_ALL: Final = network("255.255.255.255")[1][0]


class Packet(msgspec.Struct, frozen=True):
    """A packet: addresses and ports as numbers, flags by name, ICMP type and code.

    A destination below 0 is some address of the host; an empty `entry` is any
    interface but the loopback; an empty `state` is the one that a first packet gets.
    """

    family: Family
    source: int
    destination: int
    protocol: int
    source_port: int = 49152
    destination_port: int = 0
    flags: int = _S
    icmp: tuple[int, int] = (8, 0)
    state: str = ""
    entry: str = ""


def state(packet: Packet) -> str:
    """Return the state of a packet that belongs to no connection yet."""
    if packet.protocol == TCP:
        bare = packet.flags & (_S | _A | _F | _R | _U)
        if bare not in _VALID:
            return "invalid"
        # A bare ACK is picked up as a connection that was there before.
        opens = bare & ~_U == _S or bare & ~_U == _A
        return "new" if opens else "invalid"
    if packet.protocol in (ICMP, ICMPV6):
        own = ICMP if packet.family == "ipv4" else ICMPV6
        # The other family's messages are none that this one knows.
        if packet.protocol != own:
            return "invalid"
        if own == ICMPV6 and packet.icmp[0] in _UNTRACKED6:
            return "untracked"
        return "new" if packet.icmp[0] in _QUESTIONS[packet.family] else "invalid"
    return "new"


def _for_whom(packet: Packet) -> tuple[int, int]:
    """Return the types of the destination and of the packet that the kernel tells."""
    first, last = _GROUPS[packet.family]
    if first <= packet.destination <= last:
        return TYPES["multicast"], 2
    if packet.family == "ipv4" and packet.destination == _ALL:
        return TYPES["broadcast"], 1
    return TYPES["local"], 0


def _unsettled(packet: Packet) -> bool:
    """Say whether the state of a packet depends on the kernel."""
    multicast = packet.protocol == ICMPV6 and packet.icmp[0] in _UNSETTLED6
    return multicast and packet.family == "ipv6" and not packet.state


def probe(packet: Packet, *, marked: bool = False) -> Probe:
    """Return the kind of a packet: all of it but where it comes from."""
    known = packet.state or state(packet)
    there, cast = _for_whom(packet)
    fields: dict[Field, int | None] = {
        "destination": packet.destination if packet.destination >= 0 else None,
        "protocol": packet.protocol,
        "state": None if _unsettled(packet) else STATES[known],
        "version": 4 if packet.family == "ipv4" else 6,
        "mark": None if marked else 0,
        "destination-type": there,
        "source-type": None,
        "packet-type": cast,
        "fragment": 0,
    }
    if known not in ("invalid", "untracked"):
        fields["status"] = 0 if known == "new" else None
    near = packet.protocol == ICMPV6 and packet.icmp[0] in _NEIGHBOURS
    fields["hop-limit"] = 255 if near else None
    if packet.protocol in _WITH_PORTS:
        fields["source-port"] = packet.source_port
        fields["destination-port"] = packet.destination_port
    if packet.protocol in (ICMP, ICMPV6):
        fields["icmp"] = packet.icmp[0] * 256 + packet.icmp[1]
    flags = packet.flags if packet.protocol == TCP else 0
    states = _EITHER if _unsettled(packet) else NOTHING
    return Probe(packet.family, fields, flags, packet.entry, states)


def asked(packet: Packet) -> Ranges:
    """Return the source of a packet as a set."""
    return single(packet.source)
