"""Ethernet frames of single packets, byte by byte, with right checksums."""

import struct

from msgspec.structs import replace

from zmward.firewall.packet import ICMP, ICMPV6, TCP, UDP, Packet
from zmward.firewall.rules import FLAGS

_TO, _FROM = bytes.fromhex("020000000010"), bytes.fromhex("020000000066")
# No kernel begins with such a time to live: ours is known by it.
TTL = 177
_BROADCAST = 0xFFFFFFFF
_MULTICAST = {"ipv4": (224 << 24, 239 << 24 | 0xFFFFFF), "ipv6": (255 << 120, 1 << 128)}
_LETTER = {"ipv4": "01005e", "ipv6": "3333"}
_ASKS = {ICMP: (8, 0), ICMPV6: (128, 0)}


def checksum(content: bytes) -> int:
    """Return the internet checksum of some bytes."""
    padded = content + b"\0" * (len(content) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _packed(number: int, family: str) -> bytes:
    return number.to_bytes(4 if family == "ipv4" else 16, "big")


def _pseudo(packet: Packet, length: int) -> bytes:
    ends = _packed(packet.source, packet.family) + _packed(
        packet.destination, packet.family
    )
    if packet.family == "ipv4":
        return ends + struct.pack("!BBH", 0, packet.protocol, length)
    return ends + struct.pack("!IHBB", length, 0, 0, packet.protocol)


def _hardware(packet: Packet) -> bytes:
    """Return the address of the card that such a packet is for."""
    if packet.entry == "lo":
        return bytes(6)
    first, last = _MULTICAST[packet.family]
    if packet.family == "ipv4" and packet.destination == _BROADCAST:
        return b"\xff" * 6
    if first <= packet.destination <= last:
        kept = packet.destination & (
            0x7FFFFF if packet.family == "ipv4" else _BROADCAST
        )
        prefix = bytes.fromhex(_LETTER[packet.family])
        return prefix + kept.to_bytes(6 - len(prefix), "big")
    return _TO


def opening(packet: Packet) -> Packet:
    """Return the packet with which the host began what this one answers."""
    own = _ASKS.get(packet.protocol, packet.icmp)
    return replace(
        packet,
        source=packet.destination,
        destination=packet.source,
        source_port=packet.destination_port,
        destination_port=packet.source_port,
        flags=FLAGS["SYN"],
        icmp=own,
        state="",
        entry="eth0",
    )


def _payload(packet: Packet, number: int, quoted: bytes) -> bytes:
    """Return the packet above IP; a checksum of zero means that it has none."""
    if packet.protocol == TCP:
        head = struct.pack(
            "!HHIIBBHHH",
            packet.source_port,
            packet.destination_port,
            number,
            number + 1 if packet.flags & FLAGS["ACK"] else 0,
            5 << 4,
            packet.flags,
            64240,
            0,
            0,
        )
        found = checksum(_pseudo(packet, len(head)) + head)
        return head[:16] + struct.pack("!H", found) + head[18:]
    if packet.protocol == UDP:
        body = b"zmward"
        head = struct.pack(
            "!HHHH", packet.source_port, packet.destination_port, 8 + len(body), 0
        )
        found = checksum(_pseudo(packet, 8 + len(body)) + head + body) or 0xFFFF
        return head[:6] + struct.pack("!H", found) + body
    if packet.protocol in (ICMP, ICMPV6):
        rest = struct.pack("!HH", number & 0xFFFF, 1) + b"\0" * 56
        head = struct.pack("!BBH", *packet.icmp, 0) + (quoted or rest)
        pseudo = _pseudo(packet, len(head)) if packet.protocol == ICMPV6 else b""
        found = checksum(pseudo + head)
        return head[:2] + struct.pack("!H", found) + head[4:]
    return b"\0" * 16


def frame(packet: Packet, number: int, quoted: Packet | None = None) -> bytes:
    """Return the frame of a packet that bears a number of at most 16 bits.

    An error of ICMP quotes what the host itself has sent.
    """
    inner = b"\0" * 4 + frame(quoted, number)[14:] if quoted else b""
    payload = _payload(packet, number, inner)
    link = _hardware(packet) + _FROM
    ends = _packed(packet.source, packet.family) + _packed(
        packet.destination, packet.family
    )
    if packet.family == "ipv4":
        head = struct.pack(
            "!BBHHHBBH", 0x45, 0, 20 + len(payload), number, 0, TTL, packet.protocol, 0
        )
        found = checksum(head + ends)
        head = head[:10] + struct.pack("!H", found)
        return link + struct.pack("!H", 0x0800) + head + ends + payload
    first = 6 << 28 | number
    head = struct.pack("!IHBB", first, len(payload), packet.protocol, 255)
    return link + struct.pack("!H", 0x86DD) + head + ends + payload


__all__ = ["TTL", "checksum", "frame", "opening"]
