"""Live rules of a node are changed by hand, and the findings follow them."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest
from lab.node import Lab

from zmward.controls.registry import controls
from zmward.engine.answers import evidence, read
from zmward.engine.audit import audit
from zmward.engine.script import collector
from zmward.evidence import Evidence
from zmward.finding import Finding
from zmward.profile import Profile
from zmward.sources.registry import sources

pytestmark = pytest.mark.lab

CHOSEN = (
    *("ipv4-packets-filtered", "ipv6-packets-filtered", "odd-packets-dropped"),
    *("admin-console-closed", "internal-ports-closed", "open-ports-known"),
    *("ldap-closed-to-strangers", "memcached-closed-to-strangers"),
    *("rules-equal-whitelist", "ufw-knows-ssh-and-zimbra"),
)
# What a node is asked: all that these controls judge by.
ASKED = tuple(
    sources()[name]
    for name in dict.fromkeys(
        (
            "identity",
            *(need for name in CHOSEN for need in controls()[name].check.needs),
        )
    )
)
FILTERED = ("ipv4-packets-filtered", "ipv6-packets-filtered")


class Node:
    """A hardened node whose rules a test may change; they are put back after it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def run(self, *argv: str, given: str | None = None) -> str:
        done = self.lab.run("mail", list(argv), given=given)
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout

    def restore(self) -> None:
        for name in ("iptables", "ip6tables"):
            for kind in ("legacy", "nft"):
                self.run(f"{name}-{kind}", "-P", "INPUT", "ACCEPT")
                self.run(f"{name}-{kind}", "-F")
        self.run("nft", "-f", "/etc/nftables.conf")
        self.run("ipset", "destroy")

    def collect(self) -> Evidence:
        done = subprocess.run(
            self.lab.argv("mail", ["sh", "-s"]),
            input=collector(ASKED, "test").encode(),
            capture_output=True,
            check=True,
            timeout=180,
        )
        found = read(done.stdout.splitlines(keepends=True), ASKED, "the node")
        return evidence(found, ASKED, "test")

    def findings(self, profile: Mapping[str, Any] | None = None) -> dict[str, Finding]:
        given = msgspec.convert(profile or {}, Profile)
        wanted = [controls()[name] for name in CHOSEN]
        report = audit(self.collect(), wanted, given)
        return {one.control: one for one in report.findings}


@pytest.fixture(scope="module")
def hardened(lab_hardened: Lab) -> Node:
    return Node(lab_hardened)


@pytest.fixture
def node(hardened: Node) -> Iterator[Node]:
    yield hardened
    hardened.restore()


def said(finding: Finding) -> str:
    return " | ".join(one.found for one in finding.deviations)


def failing(found: dict[str, Finding]) -> set[str]:
    return {name for name, one in found.items() if one.status == "FAIL"}


def test_the_rules_of_the_hardened_node_stand(node: Node) -> None:
    found = node.findings()
    assert failing(found) == set()
    assert {n for n, one in found.items() if one.status == "UNKNOWN"} == {
        "rules-equal-whitelist"
    }


def test_an_open_console_is_named_with_its_rule(node: Node) -> None:
    node.run(
        *("nft", "insert", "rule", "inet", "filter", "input"),
        *("tcp", "dport", "7071", "accept"),
    )
    found = node.findings()
    assert failing(found) == {
        *("admin-console-closed", "rules-equal-whitelist", "odd-packets-dropped"),
    }
    assert "from everywhere over IPv4 and IPv6: `tcp dport 7071 accept` (inet" in (
        said(found["admin-console-closed"])
    )
    assert "tcp 7071" in said(found["rules-equal-whitelist"])


def test_an_early_accept_opens_all_but_the_loopback(node: Node) -> None:
    node.run(
        *("nft", "insert", "rule", "inet", "filter", "input"),
        *("ip", "saddr", "198.51.100.0/24", "accept"),
    )
    found = node.findings()
    assert failing(found) == set(CHOSEN) - {
        *("ipv6-packets-filtered", "open-ports-known", "ufw-knows-ssh-and-zimbra"),
    }
    for name in ("ldap-closed-to-strangers", "memcached-closed-to-strangers"):
        assert "from 198.51.100.0/24 over IPv4: `ip saddr" in said(found[name])


def test_ipv6_alone_lies_open(node: Node) -> None:
    node.run("nft", "flush", "ruleset")
    rules = (
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n"
        "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "-A INPUT -p tcp -m tcp --syn --dport 22 -j ACCEPT\nCOMMIT\n"
    )
    node.run("iptables-legacy-restore", given=rules)
    found = node.findings()
    assert found["ipv4-packets-filtered"].status == "PASS"
    assert found["ipv6-packets-filtered"].status == "FAIL"
    assert "from everywhere over IPv6" in said(found["internal-ports-closed"])
    assert "IPv4" not in said(found["internal-ports-closed"])
    # LDAP listens on an address of IPv4.
    assert found["ldap-closed-to-strangers"].status == "PASS"
    node.run("ip6tables-legacy-restore", given=rules)
    found = node.findings()
    assert failing(found) == {"rules-equal-whitelist"}
    assert "tcp 25 (smtp) is not let in" in said(found["rules-equal-whitelist"])


def test_a_legacy_table_beside_nft_closes_what_nft_opens(node: Node) -> None:
    node.run(
        *("nft", "insert", "rule", "inet", "filter", "input"),
        *("tcp", "dport", "7071", "accept"),
    )
    block = (
        "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 7071 -j DROP\nCOMMIT\n"
    )
    node.run("iptables-legacy-restore", given=block)
    found = node.findings()["admin-console-closed"]
    assert found.status == "FAIL"
    assert "over IPv6: `tcp dport 7071 accept`" in said(found)
    assert "IPv4" not in said(found)
    node.run("ip6tables-legacy-restore", given=block)
    assert node.findings()["admin-console-closed"].status == "PASS"


def test_sets_of_ipset_open_what_they_hold(node: Node) -> None:
    node.run("nft", "flush", "ruleset")
    node.run("ipset", "create", "friends", "hash:net")
    node.run("ipset", "add", "friends", "203.0.113.0/24")
    rules = (
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n"
        "-A INPUT -m set --match-set friends src -j ACCEPT\nCOMMIT\n"
    )
    for tool in ("iptables-legacy-restore", "iptables-nft-restore"):
        node.run(tool, given=rules)
        found = node.findings()["ldap-closed-to-strangers"]
        assert found.status == "FAIL", tool
        assert "from 203.0.113.0/24 over IPv4" in said(found)
        assert "--match-set friends src" in said(found)
        node.run("ipset", "flush", "friends")
        assert node.findings()["ldap-closed-to-strangers"].status == "PASS"
        node.run("ipset", "add", "friends", "203.0.113.0/24")
        node.run(tool.replace("-restore", ""), "-P", "INPUT", "ACCEPT")
        node.run(tool.replace("-restore", ""), "-F")


def test_a_match_that_nobody_understands_is_named(node: Node) -> None:
    node.run("nft", "flush", "ruleset")
    rules = (
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n"
        "-A INPUT -p tcp -m tcp --dport 22 --syn -j ACCEPT\n"
        '-A INPUT -m u32 --u32 "0x0&0x1=0x0" -j ACCEPT\nCOMMIT\n'
    )
    node.run("iptables-legacy-restore", given=rules)
    found = node.findings()
    for name in ("ldap-closed-to-strangers", "ipv4-packets-filtered"):
        assert found[name].status == "UNKNOWN", name
        assert "--u32" in found[name].reason, name


def test_bans_alone_are_no_filter(node: Node) -> None:
    node.run("nft", "flush", "ruleset")
    node.run("ipset", "create", "f2b-zimbra", "hash:ip", "timeout", "600")
    node.run("ipset", "add", "f2b-zimbra", "198.51.100.66")
    rules = (
        "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m multiport --dports 25,7071 "
        "-m set --match-set f2b-zimbra src -j REJECT\nCOMMIT\n"
    )
    node.run("iptables-nft-restore", given=rules)
    found = node.findings()
    assert {*FILTERED} <= failing(found)
    # Bans come and go: it is judged as if nobody were banned.
    assert "is reached from everywhere over IPv4" in said(found["admin-console-closed"])


def test_a_rule_set_that_equals_the_whitelist_passes(node: Node) -> None:
    given = {
        "networks": {"admins": ["192.0.2.64/27", "2001:db8:0:1::66/128"]},
        "services": {"imap": "unwanted", "pop": "unwanted", "smtp-auth": "unwanted"},
    }
    closed = node.run("cat", "/etc/nftables.conf").replace(
        "{ 25, 443, 465, 587, 993 }", "{ 25, 443 }"
    )
    node.run("nft", "-f", "-", given=closed)
    found = node.findings(given)["rules-equal-whitelist"]
    assert (found.status, found.reason) == ("PASS", "")
    node.run(
        *("nft", "insert", "rule", "inet", "filter", "input"),
        *("udp", "dport", "11211", "accept"),
    )
    found = node.findings(given)["rules-equal-whitelist"]
    assert found.status == "FAIL"
    assert "udp 11211" in said(found)


UFW = "ufw-knows-ssh-and-zimbra"
DECIDED: Mapping[str, Any] = {
    "networks": {"admins": ["192.0.2.64/27", "2001:db8:0:1::66/128"]},
    "services": {"imap": "unwanted", "pop": "unwanted", "smtp-auth": "unwanted"},
}


def by_ufw(node: Node, *commands: str) -> Finding:
    for words in commands:
        node.run("ufw", *words.split())
    return node.findings(DECIDED)[UFW]


@pytest.fixture
def ufw(node: Node) -> Iterator[Node]:
    node.run("nft", "flush", "ruleset")
    yield node
    node.run("ufw", "--force", "reset")


def test_an_ufw_that_is_off_is_judged_by_what_it_would_load(ufw: Node) -> None:
    found = by_ufw(ufw, "allow 25,443/tcp")
    assert found.status == "FAIL"
    assert "once ufw is enabled: tcp 22 (ssh): not let in from" in said(found)
    assert "tcp 25" not in said(found)
    admins = ("192.0.2.64/27", "2001:db8:0:1::66")
    allow = (f"allow from {one} to any port 22 proto tcp" for one in admins)
    found = by_ufw(ufw, *allow)
    assert (found.status, found.reason) == ("PASS", "")
    found = by_ufw(ufw, "allow from 198.51.100.0/24")
    assert found.status == "FAIL"
    assert "let in from 198.51.100.0/24 over IPv4: `-A ufw-user-input" in said(found)


def test_an_ufw_that_is_on_is_judged_by_the_kernel_too(ufw: Node) -> None:
    admins = ("192.0.2.64/27", "2001:db8:0:1::66")
    allow = (f"allow from {one} to any port 22 proto tcp" for one in admins)
    found = by_ufw(ufw, *allow, "allow 25,443/tcp", "--force enable")
    assert (found.status, found.reason) == ("PASS", "")
    # In the kernel alone: what ufw would load again is as it was.
    ufw.run("iptables", "-I", "INPUT", "-p", "tcp", "--dport", "25", "-j", "DROP")
    found = by_ufw(ufw)
    assert found.status == "FAIL"
    assert {one.layer for one in found.deviations} == {"running"}
    assert "tcp 25 (smtp): not let in from everywhere over IPv4" in said(found)


@pytest.mark.proof
def test_fifty_thousand_rules_do_not_make_an_audit_slow(node: Node) -> None:
    bans = "".join(
        f"-A bans -s 10.{n >> 15}.{n >> 7 & 255}.{(n & 127) * 2}/32 -j DROP\n"
        for n in range(50_000)
    )
    node.run("nft", "flush", "ruleset")
    rules = (
        "*filter\n:INPUT DROP [0:0]\n:bans - [0:0]\n-A INPUT -i lo -j ACCEPT\n"
        f"-A INPUT -j bans\n-A INPUT -p tcp --dport 22 --syn -j ACCEPT\n{bans}COMMIT\n"
    )
    node.run("iptables-legacy-restore", given=rules)
    seen = node.collect()
    begin = time.process_time()
    report = audit(seen, [controls()[name] for name in CHOSEN], Profile())
    seconds = time.process_time() - begin
    found = {one.control: one.status for one in report.findings}
    assert found["ipv4-packets-filtered"] == "PASS"
    assert found["ipv6-packets-filtered"] == "FAIL"
    assert seconds < 15
