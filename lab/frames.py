"""Ethernet frames of single packets, byte by byte, with right checksums."""

import struct

from zmward.firewall.packet import ICMP, ICMPV6, TCP, UDP, Packet

_TO, _FROM = bytes.fromhex("020000000010"), bytes.fromhex("020000000066")


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


def _payload(packet: Packet, number: int) -> bytes:
    """Return the packet above IP; a checksum of zero means that it has none."""
    if packet.protocol == TCP:
        head = struct.pack(
            "!HHIIBBHHH",
            packet.source_port,
            packet.destination_port,
            number,
            0 if not packet.flags & 16 else 1,
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
        head = struct.pack("!BBHHH", *packet.icmp, 0, number & 0xFFFF, 1) + b"\0" * 56
        pseudo = _pseudo(packet, len(head)) if packet.protocol == ICMPV6 else b""
        found = checksum(pseudo + head)
        return head[:2] + struct.pack("!H", found) + head[4:]
    return b"\0" * 16


def frame(packet: Packet, number: int) -> bytes:
    """Return the frame of a packet that bears a number of at most 16 bits."""
    payload = _payload(packet, number)
    ends = _packed(packet.source, packet.family) + _packed(
        packet.destination, packet.family
    )
    if packet.family == "ipv4":
        head = struct.pack(
            "!BBHHHBBH", 0x45, 0, 20 + len(payload), number, 0, 64, packet.protocol, 0
        )
        found = checksum(head + ends)
        head = head[:10] + struct.pack("!H", found)
        return _TO + _FROM + struct.pack("!H", 0x0800) + head + ends + payload
    first = 6 << 28 | number
    head = struct.pack("!IHBB", first, len(payload), packet.protocol, 255)
    return _TO + _FROM + struct.pack("!H", 0x86DD) + head + ends + payload


__all__ = ["checksum", "frame"]
