"""What iptables-save prints is judged as the kernel would."""

import pytest
from msgspec.structs import replace

from tests.firewall.packets import packet, verdict, what, whole
from zmward.firewall.iptables import parse
from zmward.firewall.ranges import Family, networks
from zmward.firewall.rules import Ruleset
from zmward.sources.source import Unreadable


def rules(*lines: str, policy: str = "DROP", family: Family = "ipv4") -> Ruleset:
    chains = sorted({line.split()[1] for line in lines} - {"INPUT"})
    text = [
        "*filter",
        f":INPUT {policy} [0:0]",
        *(f":{name} - [0:0]" for name in chains),
    ]
    return parse("\n".join((*text, *lines, "COMMIT", "")), family)


CASES = [
    ("-A INPUT -j ACCEPT", {}, "accept"),
    ("-A INPUT -s 198.51.100.0/24 -j ACCEPT", {}, "accept"),
    ("-A INPUT ! -s 198.51.100.0/24 -j ACCEPT", {}, "drop"),
    ("-A INPUT -d 192.0.2.10/32 -j ACCEPT", {}, "accept"),
    ("-A INPUT -d 192.0.2.11/32 -j ACCEPT", {}, "drop"),
    ("-A INPUT -i eth0 -j ACCEPT", {}, "accept"),
    ("-A INPUT -i eth+ -j ACCEPT", {}, "accept"),
    ("-A INPUT -i lo -j ACCEPT", {}, "drop"),
    ("-A INPUT ! -i lo -j ACCEPT", {}, "accept"),
    ("-A INPUT -p tcp -m tcp --dport 25 -j ACCEPT", {}, "accept"),
    ("-A INPUT -p tcp -m tcp --dport 20:30 -j ACCEPT", {}, "accept"),
    ("-A INPUT -p tcp -m tcp ! --dport 25 -j ACCEPT", {}, "drop"),
    ("-A INPUT -p udp -m udp --dport 25 -j ACCEPT", {}, "drop"),
    ("-A INPUT -p tcp -m tcp --sport 1024: -j ACCEPT", {}, "accept"),
    ("-A INPUT -p tcp -m multiport --dports 22,25,80:90 -j ACCEPT", {}, "accept"),
    ("-A INPUT -p tcp -m multiport ! --dports 22,25 -j ACCEPT", {}, "drop"),
    ("-A INPUT -p tcp -m multiport --ports 49152 -j ACCEPT", {}, "accept"),
    ("-A INPUT -p tcp -m multiport ! --ports 25 -j ACCEPT", {}, "drop"),
    ("-A INPUT -m conntrack --ctstate NEW -j ACCEPT", {}, "accept"),
    ("-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT", {}, "drop"),
    ("-A INPUT -m conntrack ! --ctstate NEW -j ACCEPT", {}, "drop"),
    (
        "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT",
        {"state": "established"},
        "accept",
    ),
    ("-A INPUT -p tcp --syn -j ACCEPT", {}, "accept"),
    ("-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT", {}, "accept"),
    (
        "-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j REJECT",
        {"flags": "ACK"},
        "reject",
    ),
    ("-A INPUT -p tcp -m tcp --tcp-flags ALL NONE -j REJECT", {"flags": ""}, "reject"),
    (
        "-A INPUT -p tcp -m tcp --tcp-flags ALL FIN,PSH,URG -j REJECT",
        {"flags": "FIN,PSH,URG"},
        "reject",
    ),
    (
        "-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT",
        {"protocol": "icmp"},
        "accept",
    ),
    (
        "-A INPUT -p icmp -m icmp --icmp-type 3/4 -j ACCEPT",
        {"protocol": "icmp", "icmp": (3, 4)},
        "accept",
    ),
    (
        "-A INPUT -p icmp --icmp-type echo-request -j ACCEPT",
        {"protocol": "icmp"},
        "accept",
    ),
    (
        "-A INPUT -m iprange --src-range 198.51.100.1-198.51.100.9 -j ACCEPT",
        {},
        "accept",
    ),
    ("-A INPUT -m addrtype --dst-type LOCAL -j ACCEPT", {}, "accept"),
    ("-A INPUT -m addrtype --dst-type BROADCAST -j ACCEPT", {}, "drop"),
    ("-A INPUT -m pkttype --pkt-type broadcast -j ACCEPT", {}, "drop"),
    ("-A INPUT -m mark --mark 0x1 -j ACCEPT", {}, "drop"),
    ("-A INPUT -f -j ACCEPT", {}, "drop"),
    ("-A INPUT -p 47 -j ACCEPT", {"protocol": "gre"}, "accept"),
    ('-A INPUT -m comment --comment "--dport 9 -j DROP" -j ACCEPT', {}, "accept"),
    ('-A INPUT -j LOG --log-prefix "-s 0/0 "', {}, "drop"),
    ("-A INPUT -j NFQUEUE --queue-num 0", {}, "unknown"),
    ("-A INPUT -m string --string x --algo bm -j ACCEPT", {}, "unknown"),
    ("-A INPUT -m set --match-set good src -j ACCEPT", {}, "unknown"),
    ("-A INPUT -m set --match-set good src -j DROP", {}, "drop"),
    ("[12:3456] -A INPUT -j ACCEPT", {}, "accept"),
    ("-A INPUT -j ACCEPT -p tcp --dport 25", {}, "accept"),
    ("-A INPUT -j ACCEPT -p tcp --dport 26", {}, "drop"),
]


@pytest.mark.parametrize(("line", "of", "wanted"), CASES)
def test_one_rule_before_a_dropping_policy(line: str, of: dict, wanted: str) -> None:  # type: ignore[type-arg]
    lines = ["*filter", ":INPUT DROP [0:0]", line, "COMMIT"]
    assert verdict(parse("\n".join(lines), "ipv4"), packet(**of)) == wanted


def test_a_chain_gives_back_what_it_does_not_end() -> None:
    found = rules(
        "-A INPUT -p tcp -m tcp --dport 25 -j guests",
        "-A INPUT -p tcp -m tcp --dport 25 -j ACCEPT",
        "-A guests -s 198.51.100.7/32 -j DROP",
        "-A guests -s 198.51.100.8/32 -j RETURN",
        "-A guests -s 198.51.100.0/24 -j REJECT --reject-with tcp-reset",
    )
    assert verdict(found, packet("198.51.100.7")) == "drop"
    assert verdict(found, packet("198.51.100.8")) == "accept"
    assert verdict(found, packet("198.51.100.9")) == "reject"
    assert verdict(found, packet("203.0.113.1")) == "accept"
    assert verdict(found, packet("203.0.113.1", 22)) == "drop"


def test_after_goto_the_rules_behind_it_are_not_asked() -> None:
    found = rules(
        "-A INPUT -g out", "-A INPUT -j ACCEPT", "-A out -s 10.0.0.1/32 -j ACCEPT"
    )
    assert verdict(found, packet()) == "drop"
    assert verdict(found, packet("10.0.0.1")) == "accept"


def test_all_sources_of_a_port_are_told_at_once() -> None:
    found = rules(
        "-A INPUT -s 10.1.0.0/16 -p tcp -m tcp --dport 22 -j DROP",
        "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT",
    )
    wanted = networks(("10.0.0.0/8",), "ipv4") - networks(("10.1.0.0/16",), "ipv4")
    assert whole(found, packet(port=22)).accepted == wanted


def test_an_unknown_match_leaves_only_its_own_sources_unknown() -> None:
    found = rules(
        "-A INPUT -s 10.0.0.0/8 -m geoip --source-country FR -j DROP",
        "-A INPUT -j ACCEPT",
    )
    told = whole(found, packet())
    assert told.unknown == networks(("10.0.0.0/8",), "ipv4")
    assert [doubt.text for doubt in told.doubts] == ["-m geoip --source-country FR"]
    assert told.verdict == "unknown"


def test_an_unknown_match_that_changes_nothing_leaves_no_doubt() -> None:
    found = rules("-A INPUT -m geoip --source-country FR -j DROP", "-A INPUT -j DROP")
    told = what(found, packet())
    assert (told.verdict, told.doubts) == ("drop", ())


def test_what_counts_packets_is_taken_for_the_first_and_named() -> None:
    found = rules(
        "-A INPUT -p tcp -m tcp --dport 22 -m recent --update --seconds 60 --hitcount 4 "
        "--name ssh --mask 255.255.255.255 --rsource -j DROP",
        "-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT",
    )
    told = what(found, packet(port=22))
    assert told.verdict == "accept"
    assert told.assumed == ("--update", "--limit 3/min")


def test_raw_and_mangle_come_before_filter_and_know_no_state() -> None:
    text = (
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -s 10.0.0.1/32 -j DROP\n"
        "-A PREROUTING -m state --state NEW -j DROP\n"
        "-A PREROUTING -p udp -j CT --notrack\nCOMMIT\n"
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -m state --state NEW -j ACCEPT\nCOMMIT\n"
    )
    found = parse(text, "ipv4")
    assert verdict(found, packet("10.0.0.1")) == "drop"
    assert verdict(found, packet()) == "accept"
    assert verdict(found, packet(protocol="udp")) == "drop"


def test_a_redirected_port_is_judged_as_the_one_it_becomes() -> None:
    text = (
        "*nat\n:PREROUTING ACCEPT [0:0]\n"
        "-A PREROUTING -p tcp -m tcp --dport 8025 -j REDIRECT --to-ports 25\n"
        "-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.5:80\n"
        "COMMIT\n"
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 25 -j ACCEPT\nCOMMIT\n"
    )
    found = parse(text, "ipv4")
    assert verdict(found, packet(port=8025)) == "accept"
    assert verdict(found, packet(port=8080)) == "unknown"
    assert verdict(found, packet(port=8026)) == "drop"


def test_the_rule_that_ended_a_packet_is_named_with_its_line() -> None:
    found = rules("-A INPUT -p udp -j DROP", "-A INPUT -p tcp -j ACCEPT")
    ((end, step),) = what(found, packet()).ends
    assert (end, step.rule.line) == ("accept", 4)


def test_without_a_rule_the_policy_decides() -> None:
    assert verdict(rules(policy="ACCEPT"), packet()) == "accept"
    ((_, step),) = what(rules(policy="DROP"), packet()).ends
    assert step.rule.text == "policy drop"


def test_chains_without_end_are_unknown() -> None:
    found = rules("-A INPUT -j a", "-A a -j b", "-A b -j a")
    told = what(found, packet())
    assert told.verdict == "unknown"
    assert "64 chains deep" in told.doubts[0].text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        ":INPUT DROP [0:0]",
        "*filter\n:INPUT DROP [0:0]\n-A OUTPUT -j DROP\nCOMMIT",
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -s nonsense -j DROP\nCOMMIT",
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 99999x -j DROP\nCOMMIT",
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --tcp-flags ALL HUH -j DROP\nCOMMIT",
        '*filter\n:INPUT DROP [0:0]\n-A INPUT -m comment --comment "open -j DROP\nCOMMIT',
        "*filter\n:INPUT DROP [0:0]\n-I INPUT -j DROP\nCOMMIT",
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -s ::1/128 -j DROP\nCOMMIT",
    ],
)
def test_what_is_no_rule_set_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text, "ipv4")


def test_a_redirected_packet_is_for_another_address_of_the_host() -> None:
    text = (
        "*nat\n:PREROUTING ACCEPT [0:0]\n"
        "-A PREROUTING -p tcp -m tcp --dport 8025 -j REDIRECT --to-ports 25\n"
        "-A PREROUTING -p tcp -m tcp --dport 9 -j REDIRECT\n"
        "COMMIT\n"
        "*filter\n:INPUT DROP [0:0]\n"
        "-A INPUT -d 192.0.2.10/32 -p tcp -m tcp --dport 25 -j ACCEPT\n"
        "-A INPUT -d 192.0.2.10/32 -p tcp -m tcp --dport 9 -j ACCEPT\nCOMMIT\n"
    )
    found = parse(text, "ipv4")
    assert verdict(found, packet(port=25)) == "accept"
    assert verdict(found, packet(port=8025)) == "unknown"
    assert verdict(found, packet(port=9)) == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\n",
        "*filter\n:INPUT DROP [0:0]\n",
        "*filter\n:INPUT DROP [0:0]\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n",
        "*filter\n:INPUT DROP [0:0]\n*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n",
    ],
)
def test_a_table_that_does_not_end_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text, "ipv4")


ENDS = (
    *("-j ACCEPT", "-g own", "-j own", "-j LOG", "-p tcp -m tcp --dport 25 -j DROP"),
    *("! -i lo -j ACCEPT", '-m comment --comment "of -s 1.2.3.4/32 \\" old" -j DROP'),
    *("-m set --match-set here src -j DROP", "-s 10.0.0.0/8 -j DROP", "-d 1.2.3.4"),
    *("-j MARK --set-xmark 0x1/0x1", "-p tcp -j REDIRECT --to-ports 8080", "! -p tcp"),
)
SOURCES = ("192.0.2.1/32", "192.0.2.2", "198.51.100.0/24", "192.0.2.5-192.0.2.9")


def test_rules_that_differ_in_their_source_are_read_as_each_alone() -> None:
    lines = [f"-A INPUT -s {one} {end}" for end in ENDS for one in SOURCES]
    lines += [f"[3:180] {line}" for line in lines]
    declared = ("*filter", ":INPUT DROP [0:0]", ":own - [0:0]")
    read = parse("\n".join((*declared, *lines, "COMMIT", "")), "ipv4")
    found = read.chains["ip filter", "INPUT"].rules
    assert len(found) == len(lines)
    for number, (line, one) in enumerate(zip(lines, found, strict=True), 4):
        # Spelled at length, it is not taken for one that is like others.
        long = line.replace(" -s ", " --source ", 1)
        alone = parse("\n".join((*declared, long, "COMMIT", "")), "ipv4")
        (wanted,) = alone.chains["ip filter", "INPUT"].rules
        assert one == replace(wanted, text=line, line=number)


def test_a_chain_that_is_named_later_is_a_target_from_there_on() -> None:
    text = (
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 192.0.2.1/32 -j own\n:own - [0:0]\n"
        "-A INPUT -s 192.0.2.2/32 -j own\nCOMMIT\n"
    )
    rules = parse(text, "ipv4").chains["ip filter", "INPUT"].rules
    assert [rule.verdict for rule in rules] == ["ask", "jump"]


@pytest.mark.parametrize(
    "line",
    [
        "-A INPUT -s 2001:db8::1/128 -j DROP",
        "-A INPUT -s nobody -j DROP",
        "-A gone -s 192.0.2.1/32 -j DROP",
        "-A INPUT -s 192.0.2.1/32 -p",
        "-A INPUT -s -j DROP",
    ],
)
def test_a_bad_rule_among_others_like_it_is_refused_by_its_line(line: str) -> None:
    with pytest.raises(Unreadable, match=r"^line 4: "):
        parse(
            "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 192.0.2.9/32 -j DROP\n"
            f"{line}\nCOMMIT\n",
            "ipv4",
        )
