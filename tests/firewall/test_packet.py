"""What connection tracking makes of a first packet."""

import pytest
from msgspec.structs import replace

from tests.firewall.packets import number, packet
from zmward.firewall.packet import probe, state
from zmward.firewall.rules import STATES


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ("SYN", "new"),
        ("SYN,URG", "new"),
        ("SYN,ECE,CWR", "new"),
        ("ACK", "new"),
        ("ACK,PSH", "new"),
        ("SYN,ACK", "invalid"),
        ("RST", "invalid"),
        ("FIN,ACK", "invalid"),
        ("FIN", "invalid"),
        ("", "invalid"),
        ("FIN,PSH,URG", "invalid"),
        ("FIN,SYN", "invalid"),
    ],
)
def test_tcp(flags: str, wanted: str) -> None:
    assert state(packet(flags=flags)) == wanted


@pytest.mark.parametrize(
    ("source", "protocol", "icmp", "wanted"),
    [
        ("10.0.0.1", "icmp", (8, 0), "new"),
        ("10.0.0.1", "icmp", (0, 0), "invalid"),
        ("10.0.0.1", "icmp", (3, 4), "invalid"),
        ("2001:db8::1", "icmpv6", (128, 0), "new"),
        ("2001:db8::1", "icmpv6", (135, 0), "untracked"),
        ("2001:db8::1", "icmpv6", (1, 0), "invalid"),
        ("2001:db8::1", "icmpv6", (143, 0), "untracked"),
        ("2001:db8::1", "icmpv6", (137, 0), "invalid"),
        ("2001:db8::1", "icmp", (8, 0), "invalid"),
        ("10.0.0.1", "icmpv6", (128, 0), "invalid"),
        ("10.0.0.1", "udp", (0, 0), "new"),
        ("10.0.0.1", "gre", (0, 0), "new"),
    ],
)
def test_other_protocols(
    source: str, protocol: str, icmp: tuple[int, int], wanted: str
) -> None:
    assert state(packet(source, protocol=protocol, icmp=icmp)) == wanted


def test_a_state_that_is_told_is_believed() -> None:
    assert probe(packet(state="established")).fields["state"] == 2


def test_a_packet_has_only_the_fields_of_its_protocol() -> None:
    assert "destination-port" not in probe(packet(protocol="icmp")).fields
    assert "icmp" not in probe(packet()).fields


@pytest.mark.parametrize(
    ("source", "destination", "wanted"),
    [
        ("10.0.0.1", "192.0.2.10", (2, 0)),
        ("10.0.0.1", "224.0.0.251", (5, 2)),
        ("10.0.0.1", "239.255.255.255", (5, 2)),
        ("10.0.0.1", "255.255.255.255", (3, 1)),
        ("fe80::1", "ff02::fb", (5, 2)),
        ("fe80::1", "fe80::2", (2, 0)),
    ],
)
def test_a_packet_for_many_is_told_apart(
    source: str, destination: str, wanted: tuple[int, int]
) -> None:
    found = probe(replace(packet(source), destination=number(destination))).fields
    assert (found["destination-type"], found["packet-type"]) == wanted


@pytest.mark.parametrize("kind", [151, 152, 153])
def test_a_state_that_depends_on_the_kernel_is_not_told(kind: int) -> None:
    one = packet("fe80::1", protocol="icmpv6", icmp=(kind, 0))
    assert probe(one).fields["state"] is None
    assert probe(replace(one, state="invalid")).fields["state"] == STATES["invalid"]
