"""nft's two languages say the same, and what they say is judged as the kernel would."""

import json

import pytest

from tests.firewall.packets import packet, verdict, what, whole
from zmward.firewall import nft, nft_text
from zmward.firewall.ranges import everything, networks
from zmward.firewall.rules import Ruleset
from zmward.sources.source import Unreadable


def rules(*lines: str, policy: str = "drop", before: str = "") -> Ruleset:
    body = "\n".join(lines)
    return nft_text.parse(
        f"table inet t {{\n{before}\nchain input {{\n"
        f"type filter hook input priority filter; policy {policy};\n{body}\n}}\n}}\n"
    )


CASES = [
    ("accept", {}, "accept"),
    ("ip saddr 198.51.100.0/24 accept", {}, "accept"),
    ("ip saddr != 198.51.100.0/24 accept", {}, "drop"),
    ("ip saddr { 10.0.0.0/8, 198.51.100.1-198.51.100.9 } accept", {}, "accept"),
    ("ip6 saddr ::/0 accept", {}, "drop"),
    ("ip6 saddr 2001:db8::/32 accept", {"source": "2001:db8::7"}, "accept"),
    ("ip saddr != 10.0.0.0/8 accept", {"source": "2001:db8::7"}, "drop"),
    ("tcp dport 25 accept", {}, "accept"),
    ("tcp dport { 22, 25 } accept", {}, "accept"),
    ("tcp dport smtp accept", {}, "accept"),
    ("tcp dport 20-30 accept", {}, "accept"),
    ("tcp dport != 25 accept", {}, "drop"),
    ("tcp dport >= 25 tcp dport < 26 accept", {}, "accept"),
    ("udp dport 25 accept", {}, "drop"),
    ("meta l4proto { tcp, udp } th dport 25 accept", {}, "accept"),
    ("meta l4proto tcp tcp sport 1024-65535 accept", {}, "accept"),
    ("ip protocol tcp accept", {}, "accept"),
    ("meta nfproto ipv6 accept", {}, "drop"),
    ('iifname "eth0" accept', {}, "accept"),
    ('iifname "eth*" accept', {}, "accept"),
    ('iif "lo" accept', {}, "drop"),
    ("ct state new accept", {}, "accept"),
    ("ct state established,related accept", {}, "drop"),
    ("ct state established,related accept", {"state": "established"}, "accept"),
    ("ct state vmap { new : accept, invalid : drop }", {}, "accept"),
    ("ct state != new drop", {"flags": "ACK,FIN"}, "drop"),
    ("tcp flags syn accept", {}, "accept"),
    ("tcp flags & (fin | syn) == syn accept", {}, "accept"),
    ("tcp flags syn / fin,syn,rst,ack accept", {}, "accept"),
    ("tcp flags ! syn accept", {}, "drop"),
    ("tcp flags { syn, ack } accept", {}, "accept"),
    ("tcp flags == 0x0 accept", {"flags": ""}, "accept"),
    ("icmp type echo-request accept", {"protocol": "icmp"}, "accept"),
    ("icmp type != echo-request accept", {"protocol": "icmp"}, "drop"),
    (
        "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255 accept",
        {"source": "2001:db8::7", "protocol": "icmpv6", "icmp": (135, 0)},
        "accept",
    ),
    (
        "icmp type echo-request accept",
        {"source": "2001:db8::7", "protocol": "icmp"},
        "drop",
    ),
    (
        "icmpv6 type != 1 accept",
        {"protocol": "icmpv6", "icmp": (128, 0)},
        "drop",
    ),
    (
        "ip saddr 198.51.100.7 icmpv6 type 128 accept",
        {"protocol": "icmpv6", "icmp": (128, 0)},
        "accept",
    ),
    ("ip saddr & 255.255.255.0 == 198.51.100.0 accept", {}, "accept"),
    ("ip saddr & 255.255.255.0 != 198.51.100.0 accept", {}, "drop"),
    ("ip saddr & 255.255.255.0 == 198.51.100.7 accept", {}, "drop"),
    ("ip saddr & 255.0.255.0 == 198.0.100.0 accept", {}, "unknown"),
    (
        "ip6 saddr & ffff:ffff:: == 2001:db8:: accept",
        {"source": "2001:db8::7"},
        "accept",
    ),
    ('udp dport 53 ct helper set "x"', {"protocol": "udp", "port": 53}, "drop"),
    ("fib daddr type local accept", {}, "accept"),
    ("fib daddr type broadcast accept", {}, "drop"),
    ("meta mark 0x1 accept", {}, "drop"),
    ("ct status dnat accept", {}, "drop"),
    ("meta pkttype host accept", {}, "accept"),
    ("tcp dport 25 reject with tcp reset", {}, "reject"),
    ('tcp dport 25 counter packets 1 bytes 2 log prefix "a b" accept', {}, "accept"),
    ("tcp dport vmap { 22 : drop, 25 : accept }", {}, "accept"),
    ("ip saddr . tcp dport { 198.51.100.0/24 . 25 } accept", {}, "accept"),
    ("ip saddr . tcp dport { 198.51.100.0/24 . 26 } accept", {}, "drop"),
    ("ip saddr . tcp dport != { 198.51.100.0/24 . 25 } accept", {}, "drop"),
    ("queue num 0", {}, "unknown"),
    ("ip length 60 accept", {}, "unknown"),
    ("something odd accept", {}, "unknown"),
    ("something odd drop", {}, "drop"),
    ('tcp dport 25 comment "accept; or not" accept', {}, "accept"),
    ("# accept", {}, "drop"),
    ("tcp dport 25 \\\naccept", {}, "accept"),
]


@pytest.mark.parametrize(("line", "of", "wanted"), CASES)
def test_one_rule_before_a_dropping_policy(line: str, of: dict, wanted: str) -> None:  # type: ignore[type-arg]
    assert verdict(rules(line), packet(**of)) == wanted


def test_a_definition_stands_for_what_was_defined() -> None:
    found = nft_text.parse(
        "define LAN = { 10.0.0.0/8,\n 192.0.2.0/24 }\ndefine P = 25\n"
        "table ip t {\n chain i { type filter hook input priority 0; policy drop;\n"
        "  ip saddr $LAN tcp dport $P accept\n } }\n"
    )
    assert verdict(found, packet("10.1.1.1")) == "accept"
    assert verdict(found, packet()) == "drop"


def test_a_named_set_a_map_and_their_options_are_read() -> None:
    before = """
    set banned {
        type ipv4_addr; flags interval,timeout; timeout 1h; size 65536
        elements = { 203.0.113.0/24 timeout 30m expires 5m, 10.0.0.1 comment "x" }
    }
    map ways {
        type inet_service : verdict
        elements = { 25 : accept, 22 : jump ssh }
    }
    counter seen { packets 0 bytes 0 }
    chain ssh { ip saddr 10.0.0.0/8 accept
    }
    """
    found = rules("ip saddr @banned drop", "tcp dport vmap @ways", before=before)
    assert verdict(found, packet("203.0.113.5")) == "drop"
    assert verdict(found, packet("10.0.0.1")) == "drop"
    assert verdict(found, packet()) == "accept"
    assert verdict(found, packet("10.0.0.2", 22)) == "accept"
    assert verdict(found, packet("198.51.100.7", 22)) == "drop"


def test_a_set_that_is_not_there_leaves_the_verdict_unknown() -> None:
    assert verdict(rules("ip saddr @gone accept"), packet()) == "unknown"


def test_a_limit_is_taken_for_the_first_packet_and_named() -> None:
    before = "set m { type ipv4_addr; flags dynamic\n }"
    found = rules(
        "tcp dport 25 add @m { ip saddr limit rate over 5/minute } drop",
        "tcp dport 25 limit rate 5/second burst 10 packets accept",
        before=before,
    )
    told = what(found, packet())
    assert told.verdict == "accept"
    assert len(told.assumed) == 2  # the two limits


def test_a_drop_in_a_later_table_is_final_and_an_accept_is_not() -> None:
    text = (
        "table ip a { chain i { type filter hook input priority -10; accept\n } }\n"
        "table ip b { chain i { type filter hook input priority 10\n"
        " tcp dport 25 drop\n } }\n"
    )
    assert verdict(nft_text.parse(text), packet()) == "drop"
    assert verdict(nft_text.parse(text), packet(port=22)) == "accept"


def test_a_table_that_is_deleted_before_it_is_made_anew_is_the_new_one() -> None:
    text = (
        "table inet z {}\ndelete table inet z\n"
        "table inet z { chain i { type filter hook input priority 0; policy drop; } }\n"
    )
    assert verdict(nft_text.parse(text), packet()) == "drop"


def test_all_sources_of_a_port_are_told_at_once() -> None:
    found = rules("ip saddr 10.1.0.0/16 drop", "ip saddr 10.0.0.0/8 accept")
    wanted = networks(("10.0.0.0/8",), "ipv4") - networks(("10.1.0.0/16",), "ipv4")
    told = whole(found, packet())
    assert told.accepted == wanted
    assert told.dropped == everything("ipv4") - wanted


def test_rules_are_named_by_the_line_of_their_file() -> None:
    found = rules("udp dport 1 accept", "tcp dport 25 accept")
    ((_, step),) = what(found, packet()).ends
    assert (step.rule.line, step.rule.text) == (6, "tcp dport 25 accept")


def _object(expr: list[object]) -> str:
    place = {"family": "inet", "table": "t"}
    hook = {"type": "filter", "hook": "input", "prio": 0, "policy": "drop"}
    rows = [
        {"metainfo": {"version": "1.0.6"}},
        {"table": {"family": "inet", "name": "t"}},
        {"chain": {**place, "name": "i", **hook}},
        {"rule": {**place, "chain": "i", "expr": expr}},
    ]
    return json.dumps({"nftables": rows})


def test_the_json_of_a_rule_is_read() -> None:
    dport = {"payload": {"protocol": "tcp", "field": "dport"}}
    match = {
        "match": {
            "op": "==",
            "left": dport,
            "right": {"set": [22, {"range": [25, 30]}]},
        }
    }
    found = nft.parse(
        _object([match, {"counter": {"packets": 1, "bytes": 2}}, {"accept": None}])
    )
    assert verdict(found, packet()) == "accept"
    assert verdict(found, packet(port=24)) == "drop"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"nftables": 5}',
        '{"nftables": [{"rule": {"family": "ip", "table": "a", "chain": "b", "expr": []}}]}',
        '{"nftables": [{"chain": {"family": "ip"}}]}',
        '{"nftables": [[[[[]]]]]}',
        '{"nftables": [{"set": {"name": "x"}}, {"element": {"name": "x"}}]}',
    ],
)
def test_what_is_not_the_json_of_nft_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        nft.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "table",
        "table inet t {",
        "table inet t { chain i { tcp dport 25 accept",
        'include "/etc/other.nft"',
        "frobnicate",
        "table ip t { chain i { type filter hook input priority nonsense; } }",
        "table ip t { chain i { ip saddr $GONE accept\n } }",
        "table ip t { set s { elements = { 1.2.3.4 . } } }",
        "\x00\x01",
    ],
)
def test_what_is_not_nfts_language_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        nft_text.parse(text)


@pytest.mark.parametrize(
    "statement",
    [
        '{"xt": {"type": "match", "name": "set"}}',
        '{"queue": {"num": 0}}',
        '{"fwd": {}}',
    ],
)
def test_a_statement_that_is_not_known_leaves_the_verdict_unknown(
    statement: str,
) -> None:
    assert verdict(nft.parse(_object([json.loads(statement)])), packet()) == "unknown"


@pytest.mark.parametrize("word", ["ct helper", "ct timeout", "ct expectation"])
def test_what_only_helps_connection_tracking_ends_no_packet(word: str) -> None:
    statement = {word: "some"}
    assert verdict(nft.parse(_object([statement])), packet()) == "drop"
    found = nft.parse(_object([statement, {"accept": None}]))
    assert verdict(found, packet()) == "accept"


def _ingress(policy: str, **more: object) -> Ruleset:
    place = {"family": "netdev", "table": "t"}
    hook = {"type": "filter", "hook": "ingress", "prio": 0, "policy": policy, **more}
    dport = {"payload": {"protocol": "tcp", "field": "dport"}}
    drop = [{"match": {"op": "==", "left": dport, "right": 25}}, {"drop": None}]
    rows: list[object] = [
        {"table": {"family": "netdev", "name": "t"}},
        {"chain": {**place, "name": "i", **hook}},
        {"rule": {**place, "chain": "i", "expr": drop}},
    ]
    return nft.parse(json.dumps({"nftables": rows}))


def test_a_chain_of_a_device_that_is_not_told_may_drop_or_not() -> None:
    assert verdict(_ingress("accept"), packet()) == "unknown"
    assert verdict(_ingress("accept"), packet(port=22)) == "accept"
    assert verdict(_ingress("drop"), packet(port=22)) == "unknown"


def test_a_chain_of_a_device_stands_in_the_way_of_its_own_packets_only() -> None:
    found = _ingress("accept", dev="eth0")
    assert verdict(found, packet()) == "drop"
    assert verdict(found, packet(entry="eth1")) == "accept"


@pytest.mark.parametrize(
    ("word", "value"),
    [("prio", None), ("hook", "sideways"), ("policy", "perhaps"), ("dev", 5)],
)
def test_a_chain_of_another_shape_is_refused(word: str, value: object) -> None:
    with pytest.raises(Unreadable):
        _ingress(**{"policy": "accept", word: value})  # type: ignore[arg-type]  # odd


def test_what_leaves_by_a_device_is_no_matter_of_what_comes_in() -> None:
    assert verdict(_ingress("drop", hook="egress", dev="eth0"), packet()) == "accept"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("ct state established,related accept", "drop"),
        ("ct state { invalid, untracked } accept", "accept"),
        ("ct state != { invalid, untracked } accept", "drop"),
        ("ct state != new accept", "accept"),
        ("ct state invalid accept", "unknown"),
    ],
)
def test_of_a_state_that_kernels_do_not_agree_on(line: str, wanted: str) -> None:
    one = packet("fe80::1", protocol="icmpv6", icmp=(151, 0))
    assert verdict(rules(line), one) == wanted
