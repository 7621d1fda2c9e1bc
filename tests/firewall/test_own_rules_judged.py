"""The controls judge our own rules, once they are loaded, as what they are."""

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from tests.firewall.site import NODE, single
from zmward.controls.registry import controls
from zmward.engine.whitelist import CONTROLS
from zmward.evidence import Answer
from zmward.facts import Facts
from zmward.finding import Finding, judge
from zmward.firewall.loaded import live
from zmward.firewall.open_before import open_before
from zmward.firewall.openings import FAMILIES
from zmward.firewall.own_rules import marked
from zmward.firewall.policy import policy
from zmward.firewall.ranges import networks
from zmward.firewall.render_iptables import iptables
from zmward.firewall.render_nftables import nftables
from zmward.ruleset import Rules
from zmward.sources.listeners import Listener

NETWORKS = {"admins": ["10.1.0.0/24", "2001:db8:a::/48"], "clients": ["10.0.0.0/8"]}
USES = {"imap": "wanted", "pop": "unwanted", "smtp-auth": "wanted"}
SOCKETS = (
    *(Listener("tcp", "*", n) for n in (22, 25, 80, 443, 993, 7025, 7071)),
    *(Listener("tcp", "192.0.2.10", n) for n in (389, 11211)),
)
SITE = single(profile={"networks": NETWORKS, "services": USES}, listeners=SOCKETS)
ENDS = (("203.0.113.9", 443), ("198.51.100.7", 22), ("2001:db8:5::1", 40000))
INTERVAL = "inet_service\n\t\tsize 65535\n\t\tflags interval,timeout"
RULES = ("odd-packets-dropped", "rules-equal-whitelist")


def in_nft(change: Callable[[str], str] = str) -> str:
    """Return what a host answers on which nft has loaded our rules."""
    if shutil.which("nft") is None or os.geteuid() != 0:
        pytest.skip("needs root and nft")
    text = nftables(policy(SITE, NODE))
    rules = marked(Rules("nftables", (text,)), "20261129T080000-aa", ends=ENDS)
    done = subprocess.run(
        ["unshare", "-n", "sh", "-ec", "nft -f -; nft -j list ruleset"],
        input=change(rules.texts[0]),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return f"> nft\n{done.stdout}"


def in_iptables(change: Callable[[str], str] = str) -> str:
    """Return what a host answers on which iptables has loaded our rules."""
    texts = (iptables(policy(SITE, NODE), family) for family in FAMILIES)
    rules = marked(Rules("iptables", ("", *texts)), "20261129T080000-aa", ends=ENDS)
    v4, v6 = (text.partition("\n")[2] for text in rules.texts[1:])
    return f"> iptables legacy\n{change(v4)}> ip6tables legacy\n{change(v6)}"


BOTH = pytest.mark.parametrize(
    "answer",
    [
        pytest.param(in_nft, id="nft", marks=pytest.mark.lab),
        pytest.param(in_iptables, id="iptables"),
    ],
)
Answers = Callable[..., str]


def finding(name: str, rules: str) -> Finding:
    kernel = Answer("running 5.15.0-91-generic\ndisable_ipv6 0\n")
    answers = {"firewall": Answer(rules), "kernel": kernel}
    own = {**SITE.evidence.answers[NODE], **answers}
    evidence = replace(SITE.evidence, answers={**SITE.evidence.answers, NODE: own})
    return judge(controls()[name], Facts(evidence, SITE.profile, SITE.now))


@BOTH
@pytest.mark.parametrize("name", [*CONTROLS, *RULES])
def test_our_rules_pass(name: str, answer: Answers) -> None:
    found = finding(name, answer())
    assert found.status == "PASS", (found.reason, found.deviations)


@BOTH
def test_connections_of_before_are_left_out_and_said(answer: Answers) -> None:
    text = answer()
    rules = live(text).rules
    assert open_before(rules, "ipv4") == networks(
        ("203.0.113.9/32", "198.51.100.7/32"), "ipv4"
    )
    assert open_before(rules, "ipv6") == networks(("2001:db8:5::1/128",), "ipv6")
    seen = str(finding("odd-packets-dropped", text).evidence)
    assert "connected before the rules" in seen
    assert "203.0.113.9/32" in seen


def _for_all(text: str) -> str:
    text = text.replace("203.0.113.9 . 443", "203.0.113.0-203.0.113.255 . 443")
    text = text.replace("inet_service\n\t\tsize 65535\n\t\tflags timeout", INTERVAL)
    return text.replace("-s 203.0.113.9 -p", "-s 203.0.113.0/24 -p")


@BOTH
def test_more_than_one_end_is_not_left_out(answer: Answers) -> None:
    found = finding("odd-packets-dropped", answer(_for_all))
    assert found.status == "FAIL"
    assert "from 203.0.113.0/24" in found.deviations[0].found


def _bare(text: str) -> str:
    return text.replace("tcp flags & syn == 0x0 tcp flags", "tcp flags")


@pytest.mark.lab
def test_ends_that_may_begin_anew_are_not_left_out() -> None:
    found = finding("odd-packets-dropped", in_nft(_bare))
    assert found.status == "FAIL"


def test_a_rule_of_somebody_else_is_not_taken_for_ours() -> None:
    rule = "-A INPUT -s 203.0.113.9/32 -p tcp -m tcp --sport 443 -j ACCEPT\n"
    text = f"> iptables legacy\n*filter\n:INPUT DROP [0:0]\n{rule}COMMIT\n"
    assert not open_before(live(text).rules, "ipv4")
