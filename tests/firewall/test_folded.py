"""Fewer rules do the same to every packet: folded, and narrowed to one port."""

from hypothesis import given
from hypothesis import strategies as st

from tests.firewall.policies import told
from zmward.firewall.compare import compare
from zmward.firewall.folded import folded
from zmward.firewall.iptables import parse
from zmward.firewall.narrowed import Narrowed
from zmward.firewall.openings import EVERYBODY, Opening, Policy
from zmward.firewall.packet import TCP, UDP, Packet, probe
from zmward.firewall.ranges import everything
from zmward.firewall.reach import reach
from zmward.firewall.rules import Ruleset

SOURCES = (
    *("10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32", "10.1.2.4/32"),
    *("10.200.0.0/16", "192.0.2.0/24", "192.0.2.7/32", "198.51.100.0/25", "0.0.0.0/1"),
)
PORTS = (22, 25, 443, 8088)
ENDS = ("ACCEPT", "DROP", "REJECT", "RETURN", "own", "LOG")


def saved(*rules: str, policy: str = "DROP") -> Ruleset:
    lines = (f":INPUT {policy} [0:0]", ":own - [0:0]", *rules)
    return parse("\n".join(("*filter", *lines, "COMMIT", "")), "ipv4")


@st.composite
def rule(draw: st.DrawFn, chain: str) -> str:
    source = draw(st.sampled_from(SOURCES))
    mark = draw(st.sampled_from(("", "", "", "! ")))
    words = [f"-A {chain}"]
    if draw(st.integers(0, 5)):
        words.append(f"{mark}-s {source}")
    if draw(st.booleans()):
        words.append(f"-p tcp -m tcp --dport {draw(st.sampled_from(PORTS))}")
    if not draw(st.integers(0, 8)):
        words.append("-m strange --odd 1")
    end = draw(st.sampled_from(ENDS if chain == "INPUT" else ENDS[:4]))
    return " ".join((*words, "-j", end))


RULES = st.tuples(
    st.lists(rule("INPUT"), max_size=14), st.lists(rule("own"), max_size=5)
).map(lambda both: [*both[0], *both[1]])


@given(RULES)
def test_a_folded_rule_set_does_the_same(rules: list[str]) -> None:
    found = saved(*rules)
    short = folded(found)
    for protocol in (TCP, UDP):
        for port in PORTS:
            before = told(found, "ipv4", protocol, port)
            after = told(short, "ipv4", protocol, port)
            assert (before.accepted, before.unknown) == (after.accepted, after.unknown)


@given(RULES)
def test_the_rules_left_for_a_port_do_the_same(rules: list[str]) -> None:
    found = saved(*rules)
    kept = Narrowed(folded(found), "ipv4")
    for protocol in (TCP, UDP):
        for port in PORTS:
            before = told(found, "ipv4", protocol, port)
            own = kept.of(protocol, port)
            packet = Packet("ipv4", 0, 1, protocol, 49152, port, entry="eth0")
            kind = probe(packet, marked=own.marked)
            after = reach(own.ruleset, kind, everything("ipv4"), own.memory)
            assert (before.accepted, before.unknown) == (after.accepted, after.unknown)


def _length(found: Ruleset) -> int:
    return sum(len(chain.rules) for chain in found.chains.values())


def test_bans_between_openings_for_others_are_one_rule() -> None:
    rules = []
    for number in range(40):
        rules.append(f"-A INPUT -s 10.0.0.{number}/32 -j DROP")
        opening = f"-p tcp -m tcp --dport {PORTS[number % 2]} -j ACCEPT"
        rules.append(f"-A INPUT -s 192.0.2.{number}/32 {opening}")
    assert _length(folded(saved(*rules))) == 3


def test_rules_for_the_same_addresses_keep_their_order() -> None:
    found = folded(
        saved(
            "-A INPUT -s 10.0.0.1/32 -j DROP",
            "-A INPUT -s 10.0.0.0/8 -j ACCEPT",
            "-A INPUT -s 10.0.0.2/32 -j DROP",
        )
    )
    assert _length(found) == 3


def test_many_rules_for_the_same_addresses_end_in_time() -> None:
    rules = [
        f"-A INPUT -s 10.0.0.0/{8 + n % 24} -p tcp -m tcp --dport {1 + n} -j ACCEPT"
        for n in range(2000)
    ]
    assert _length(folded(saved(*rules))) == 2000


def test_a_redirected_port_is_open_where_its_target_is() -> None:
    text = (
        "*nat\n:PREROUTING ACCEPT [0:0]\n"
        "-A PREROUTING -p tcp -m tcp --dport 8088 -j REDIRECT --to-ports 25\nCOMMIT\n"
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 25 -j ACCEPT\n"
        "COMMIT\n"
    )
    mail = Opening("smtp", "tcp", ((25, 25),), "internet", EVERYBODY, "x", "test")
    found = compare(Policy("mail.example.com", (mail,)), parse(text, "ipv4"), "eth0")
    kinds = {(one.kind, one.what) for one in found if one.family == "ipv4"}
    assert ("excess", "tcp 8088") in kinds
    assert ("missing", "tcp 25") not in kinds
