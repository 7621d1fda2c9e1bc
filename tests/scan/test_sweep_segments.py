"""Packets of our own: how they are made, and which answers are believed."""

import socket
import struct

import pytest

from zmward.scan.segments import Answer, Questions, Quoted, answer, only, quoted
from zmward.scan.unreachable import Family

HERE = {4: socket.inet_aton("192.0.2.1"), 6: socket.inet_pton(10, "2001:db8::1")}
THERE = {4: socket.inet_aton("192.0.2.2"), 6: socket.inet_pton(10, "2001:db8::2")}
OWN, SECRET = 40_000, 0xFFFFFFFF
FAMILIES = pytest.mark.parametrize("family", [4, 6])


def question(family: Family, port: int = 25, secret: int = SECRET) -> bytes:
    return Questions(HERE[family], THERE[family], OWN).segment(port, secret)


def reply(family: Family, flags: int, *, known: int = 0, port: int = OWN) -> bytes:
    header = struct.pack("!BB18x", 0x45, 0) if family == 4 else b""
    return header + struct.pack(
        "!HHIIBBHHH", 25, port, 7, known, 5 << 4, flags, 0, 0, 0
    )


def message(family: Family, segment: bytes, protocol: int = 6) -> bytes:
    if family == 4:
        outer = b"\x46" + bytes(23)
        inner = struct.pack("!B8xB2x4s4s", 0x45, protocol, HERE[4], THERE[4])
        kind = 3
    else:
        outer = b""
        inner = struct.pack("!IHBB16s16s", 6 << 28, 0, protocol, 64, HERE[6], THERE[6])
        kind = 1
    return outer + struct.pack("!BBHI", kind, 1, 0, 0) + inner + segment


@FAMILIES
@pytest.mark.parametrize("secret", [0, 1, 0xFFFF, 0x10000, 0xFFFEFFFF, SECRET])
def test_the_checksum_is_right(family: Family, secret: int) -> None:
    """With the checksum in it, the sum of all words is 0xFFFF (RFC 9293, 3.1)."""
    for port in (1, 25, 65_535):
        segment = question(family, port, secret)
        pseudo = HERE[family] + THERE[family] + struct.pack("!II", len(segment), 6)
        total = sum(struct.unpack(f"!{len(pseudo + segment) // 2}H", pseudo + segment))
        while total > 0xFFFF:
            total = (total & 0xFFFF) + (total >> 16)
        assert total == 0xFFFF


@FAMILIES
def test_answers(family: Family) -> None:
    assert answer(reply(family, 18), family, OWN) == Answer(25, SECRET, "open")
    assert answer(reply(family, 20), family, OWN) == Answer(25, SECRET, "closed")
    assert answer(reply(family, 20, known=9), family, OWN) == Answer(25, 8, "closed")


@FAMILIES
def test_what_is_no_answer(family: Family) -> None:
    assert answer(reply(family, 2), family, OWN) is None
    assert answer(reply(family, 16), family, OWN) is None
    assert answer(reply(family, 18, port=OWN + 1), family, OWN) is None


@FAMILIES
def test_messages_about_questions(family: Family) -> None:
    kind = 3 if family == 4 else 1
    for segment in (question(family), question(family)[:8]):
        found = quoted(message(family, segment + bytes(12)), family, OWN)
        assert found == Quoted(kind, 1, THERE[family], 25, SECRET)


@FAMILIES
def test_messages_about_others(family: Family) -> None:
    segment = question(family)
    assert quoted(message(family, segment), family, OWN + 1) is None
    assert quoted(message(family, segment, protocol=17), family, OWN) is None
    assert quoted(message(family, segment[:7]), family, OWN) is None


@FAMILIES
def test_every_short_packet_is_read_in_peace(family: Family) -> None:
    assert answer(b"", family, OWN) is None
    assert quoted(b"", family, OWN) is None
    for whole in (reply(family, 18), message(family, question(family)[:8])):
        for length in range(len(whole)):
            for first in (whole[:1], b"\xff", b"\x00"):
                cut = first + whole[1:length]
                assert answer(cut, family, OWN) is None or length >= 20
                assert quoted(cut, family, OWN) is None


@FAMILIES
def test_the_filter_ends_in_a_verdict(family: Family) -> None:
    """The comparison leads to a return of all, or else to one of nothing."""
    assert only(family, OWN)[-3:] == [(21, 0, 1, OWN), (6, 0, 0, 65_535), (6, 0, 0, 0)]
