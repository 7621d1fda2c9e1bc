"""What the question for the packet filter is answered by real tools, and how it is read."""

import os
import shutil
import subprocess

import pytest

from tests.firewall.packets import packet, what
from zmward.engine.answers import read
from zmward.engine.script import collector
from zmward.evidence import Answer
from zmward.firewall.loaded import live
from zmward.firewall.reach import Reach
from zmward.firewall.rules import Ruleset
from zmward.sources.firewall import FIREWALL

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]


def answer(script: str) -> str:
    """Load rules in a namespace of its own and ask the very question there."""
    for tool in ("nft", "ipset", "iptables-nft", "iptables-legacy"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    asked = collector((FIREWALL,), "test")
    done = subprocess.run(
        ["unshare", "-n", "sh", "-ec", f"{{ {script}; }} >&2\nexec sh -s"],
        input=asked,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.encode().splitlines(keepends=True)
    found = read(lines, (FIREWALL,), "test")[FIREWALL.name]
    assert isinstance(found, Answer), found
    return found.text


def told(ruleset: Ruleset, source: str, port: int = 25) -> Reach:
    return what(ruleset, packet(source, port))


def test_what_nft_hides_is_told_by_iptables() -> None:
    text = answer(
        "iptables-nft -A INPUT -p tcp --dport 22 -j REJECT;"
        "iptables-nft -A INPUT -p tcp -m multiport --dports 25,80 -j ACCEPT;"
        "iptables-nft -P INPUT DROP"
    )
    found = live(text).rules
    assert [told(found, "198.51.100.7", p).verdict for p in (22, 25, 443)] == [
        *("reject", "accept", "drop"),
    ]


def test_what_iptables_tells_wrongly_is_told_by_nft() -> None:
    # iptables-nft-save says `-A INPUT -j DROP` of the native rule.
    text = answer(
        "iptables-nft -A INPUT -p tcp --dport 23 -j REJECT;"
        "nft add set ip filter bans '{ type ipv4_addr; elements = { 203.0.113.9 }; }';"
        "nft add rule ip filter INPUT ip saddr @bans drop;"
        "iptables-nft -A INPUT -p tcp --dport 24 -j REJECT"
    )
    found = live(text).rules
    assert told(found, "203.0.113.9").verdict == "drop"
    assert told(found, "198.51.100.7").verdict == "accept"
    assert told(found, "198.51.100.7", 24).verdict == "reject"


def test_a_chain_that_iptables_leaves_out_stays() -> None:
    text = answer(
        "iptables-nft -A INPUT -p tcp --dport 23 -j REJECT;"
        "nft add chain ip filter extra '{ type filter hook input priority 5; }';"
        "nft add rule ip filter extra tcp dport vmap '{ 25 : drop, 26 : accept }'"
    )
    found = live(text).rules
    assert told(found, "198.51.100.7").verdict == "drop"
    assert told(found, "198.51.100.7", 26).verdict == "accept"


def test_sets_are_asked_with_the_rules_that_use_them() -> None:
    text = answer(
        "ipset create f2b hash:ip timeout 600; ipset add f2b 203.0.113.9;"
        "iptables-nft -A INPUT -m set --match-set f2b src -j DROP;"
        "iptables-legacy -A INPUT -m set ! --match-set f2b src -p tcp --dport 80 -j DROP"
    )
    assert "\n> ipset\n" in text
    found = live(text).rules
    assert told(found, "203.0.113.9").verdict == "drop"
    assert told(found, "198.51.100.7").verdict == "accept"
    assert told(found, "198.51.100.7", 80).verdict == "drop"


def test_a_host_without_rules_has_an_answer() -> None:
    found = live(answer(":"))
    assert found.missing == ()
    assert not found.rules.base("ipv4")
