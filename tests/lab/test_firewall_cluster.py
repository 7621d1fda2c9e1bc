"""Five servers of one installation, each behind the whitelist made for it.

The rules are loaded on one node after the other. Then mail flows, users get in, the
nodes reach each other where their roles need it, and no other packet passes: from
every node and from outside, all ports of every node.
"""

import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab import network
from lab.network import OUTSIDE
from lab.node import Lab
from lab.nodes import Node
from lab.scan import ALL_PORTS, Probe, scan
from lab.tree.identity import USER_PASSWORD

from tests.lab import held
from tests.lab.firewall_lab import (
    Told,
    assert_all,
    facts,
    listening,
    load,
    run,
    show,
    tried,
    try_and_confirm,
    unload,
    wanted,
)
from tests.lab.test_firewall_outside import SOURCES
from tests.lab.zimbra_tools import tool
from zmward.facts import Facts
from zmward.firewall.checked import check
from zmward.firewall.managers import loaded, managers
from zmward.firewall.openings import FAMILIES, Policy
from zmward.firewall.policy import policy

pytestmark = pytest.mark.lab

USER = "user001@example.test"
PROBE = str(Path(__file__).with_name("cluster_probe.py"))
TEXT = f"""\
[networks]
admins = ["{network.ADMIN_IPV4}/32", "{network.ADMIN_IPV6}/128"]
clients = ["{network.CLIENT_IPV4}/32", "{network.CLIENT_IPV6}/128"]
"""
PROFILE = tomllib.loads(TEXT)
LONGEST = 20.0
INTERNET = (network.INTERNET_IPV4, network.INTERNET_IPV6)
CLIENT = (network.CLIENT_IPV4, network.CLIENT_IPV6)
# Who reaches which ports of whom by facts of Zimbra, written down by hand: what the
# product makes of the evidence must be just this.
BETWEEN = {
    ("mailbox", "ldap"): {22, 389},
    ("mta", "ldap"): {389},
    ("proxy", "ldap"): {389},
    ("logger", "ldap"): {389},
    ("ldap", "mailbox"): {7071},
    ("mta", "mailbox"): {7025, 7071, 7073},
    ("proxy", "mailbox"): {7071, 7072, 7993, 7995, 8443},
    ("logger", "mailbox"): {7071},
    ("mailbox", "mta"): {22, 25},
    ("ldap", "mta"): {25},
    ("proxy", "mta"): {25},
    ("logger", "mta"): {25},
    ("mailbox", "proxy"): {22, 443, 11211},
    ("ldap", "proxy"): {443},
    ("mta", "proxy"): {443},
    ("logger", "proxy"): {443},
    ("mailbox", "logger"): {22},
    ("ldap", "logger"): set(),
    ("mta", "logger"): set(),
    ("proxy", "logger"): set(),
}


@dataclass(frozen=True)
class Site:
    """The cluster behind its rules, and what was seen on the way there."""

    lab: Lab
    policies: dict[str, Policy]
    before: tuple[Told, ...]
    answers: dict[str, dict[str, str]]
    links: frozenset[tuple[str, str]]


def _connections(lab: Lab) -> list[held.Held]:
    proxy = lab.node("proxy")
    return [
        held.ldap(lab, "mta", "ldap.example.test"),
        held.ldap(lab, "logger", lab.node("ldap").ipv4),
        held.memcached(lab, "mailbox", "proxy.example.test"),
        held.imap(lab, proxy.ipv4, USER, USER_PASSWORD),
        held.ssh(lab, "mta"),
    ]


def _links(lab: Lab) -> frozenset[tuple[str, str]]:
    """Return the connections that the mailbox server itself holds, both ends."""
    rows = run(lab, "mailbox", "ss", "-Htn", "state", "established").splitlines()
    ends = [(row.split()[2], row.split()[3]) for row in rows]
    return frozenset(e for e in ends if e[1].endswith((":389", ":11211")))


WAYS = [
    "nftables",
    pytest.param("iptables", marks=pytest.mark.proof),
    pytest.param("try", marks=pytest.mark.proof),
]


def _load(lab: Lab, node: Node, known: Facts, way: str, place: Path) -> None:
    """Load by the verb `try` with all its safety, or by the function that it uses."""
    if way == "try":
        try_and_confirm(lab, node.name, known, place)
    else:
        load(lab, node.name, policy(known, node.host), way)  # type: ignore[arg-type]  # one of two


@pytest.fixture(scope="module", params=WAYS)
def site(
    lab_cluster: Lab,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """Load each node's rules, one node after the other, with connections open."""
    lab, place = lab_cluster, tmp_path_factory.mktemp("cluster")
    (place / "profile.toml").write_text(TEXT)
    seen = tuple(_before(lab))
    open_ones = _connections(lab)
    # Has the mailbox server connect to memcached, if it does not yet.
    words = ("imap", lab.node("proxy").ipv4, CLIENT[0], USER, USER_PASSWORD)
    _probe(lab, *words)
    links = _links(lab)
    known = facts(lab, PROFILE)
    policies = {node.name: policy(known, node.host) for node in lab.nodes}
    answers: dict[str, dict[str, str]] = {}
    try:
        for node in lab.nodes:
            _load(lab, node, known, request.param, place)
            answers[node.name] = {one.what: one.answer() for one in open_ones}
        yield Site(lab, policies, seen, answers, links)
    finally:
        for one in open_ones:
            one.end()
        for node in lab.nodes:
            unload(lab, node.name)


def _before(lab: Lab) -> Iterator[Told]:
    """Scan without rules: all packets are wanted."""
    for node in lab.nodes:
        source = network.CLIENT_IPV4
        seen = scan(lab, node.name, Probe(source))
        title = f"a client in the LAN ({source}) to {node.name}, tcp"
        yield Told(title, seen, frozenset(ALL_PORTS), listening(lab, node, source))


def _probe(lab: Lab, *words: str) -> str:
    return run(lab, OUTSIDE, sys.executable, PROBE, *words).strip()


def _until(lab: Lab, node: str, argv: list[str], text: str) -> bool:
    """Run a command until it prints a text."""
    limit = time.monotonic() + LONGEST
    while time.monotonic() < limit:
        if text in lab.run(node, argv).stdout:
            return True
        time.sleep(0.2)
    return False


def _ends(node: Node) -> tuple[str, str]:
    return node.ipv4, node.ipv6


class TestPolicies:
    def test_no_node_has_a_problem_that_refuses(self, site: Site) -> None:
        refused = {name: found.refused for name, found in site.policies.items()}
        assert set(refused.values()) == {()}, refused

    @pytest.mark.parametrize(("source", "target"), BETWEEN)
    def test_nodes_reach_what_their_roles_need(
        self, site: Site, source: str, target: str
    ) -> None:
        for address in _ends(site.lab.node(source)):
            found = site.policies[target]
            assert wanted(found, "tcp", address) == BETWEEN[source, target]
            syslog = {514} if target == "logger" else set()
            assert wanted(found, "udp", address) == syslog

    def test_outside_reaches_what_is_for_it(self, site: Site) -> None:
        found = {
            who: {
                name: set(wanted(one, "tcp", addresses[0]))
                for name, one in site.policies.items()
            }
            for who, addresses in SOURCES.items()
        }
        nothing: dict[str, set[int]] = {
            "ldap": set(),
            "mailbox": set(),
            "logger": set(),
        }
        assert found["the internet"] == {**nothing, "mta": {25}, "proxy": {443}}
        clients = {"mta": {25, 465, 587}, "proxy": {443, 993, 995}}
        assert found["a client in the LAN"] == {**nothing, **clients}
        own = {"ldap": {22}, "mailbox": {22}, "logger": {22}}
        admins = {**own, "mta": {22, 25}, "proxy": {22, 443}}
        assert found["an administrator"] == admins


class TestLoading:
    def test_open_connections_go_on_after_each_load(self, site: Site) -> None:
        told = [
            f"after {node}: {what}: {said}"
            for node, answers in site.answers.items()
            for what, said in answers.items()
            if said != "alive"
        ]
        assert not told, told

    def test_the_mailbox_servers_own_connections_go_on(self, site: Site) -> None:
        """Its clients would connect anew without a word, so the ports are compared."""
        words = ("imap", site.lab.node("proxy").ipv4, CLIENT[0], USER, USER_PASSWORD)
        _probe(site.lab, *words)
        assert {peer.rpartition(":")[2] for _, peer in site.links} == {"389", "11211"}
        assert _links(site.lab) >= site.links


def test_the_verb_check_finds_nothing_amiss(site: Site) -> None:
    """What the product says of the loaded rules is what the packets say."""
    known = facts(site.lab, PROFILE)
    for node in site.lab.nodes:
        own = loaded(known, node.host)
        assert not isinstance(own, str), own
        assert "zmward" in managers(own.rules)
        wanted_now = policy(known, node.host)
        assert wanted_now.openings == site.policies[node.name].openings
        told = check(known, wanted_now, own.rules, FAMILIES, own.missing)
        assert (told.deviations, told.reasons) == ((), ()), node.host


class TestFlows:
    @pytest.mark.parametrize("family", [0, 1], ids=["ipv4", "ipv6"])
    def test_mail_from_outside_is_read_in_the_mailbox(
        self, site: Site, family: int
    ) -> None:
        lab = site.lab
        mta, proxy = _ends(lab.node("mta"))[family], _ends(lab.node("proxy"))[family]
        subject = f"proof-{family}-{time.time_ns()}"
        assert (
            _probe(lab, "deliver", mta, INTERNET[family], USER, subject) == "accepted"
        )
        limit = time.monotonic() + LONGEST
        words = ("imap", proxy, CLIENT[family], USER, USER_PASSWORD)
        while f"Subject: {subject}" not in (read := _probe(lab, *words)).splitlines():
            assert time.monotonic() < limit, read
            time.sleep(0.3)

    @pytest.mark.parametrize("family", [0, 1], ids=["ipv4", "ipv6"])
    @pytest.mark.parametrize(
        ("kind", "server", "answer"),
        [("pop", "proxy", "+OK"), ("https", "proxy", "in"), ("submit", "mta", "in")],
    )
    def test_users_get_in(
        self, site: Site, kind: str, server: str, answer: str, family: int
    ) -> None:
        address = _ends(site.lab.node(server))[family]
        words = (kind, address, CLIENT[family], USER, USER_PASSWORD)
        assert _probe(site.lab, *words) == answer

    @pytest.mark.parametrize("node", ["mailbox", "mta", "proxy", "logger"])
    def test_each_node_asks_directory_and_mailbox(self, site: Site, node: str) -> None:
        zmprov = tool(site.lab, "zmprov", node=node)
        for words in (["-l"], []):
            shown = zmprov(*words, "gacf", "zimbraLogHostname")
            assert shown.stdout == "zimbraLogHostname: logger.example.test\n", shown

    def test_the_mailbox_server_shares_its_cache(self, site: Site) -> None:
        proxy = site.lab.node("proxy")
        _probe(site.lab, "imap", proxy.ipv4, CLIENT[0], USER, USER_PASSWORD)
        ask = f"printf 'get zmImap:{USER}:2\\r\\nquit\\r\\n' | nc 127.0.0.1 11211"
        assert _until(site.lab, "proxy", ["sh", "-c", ask], "VALUE zmImap:")

    def test_the_mailbox_server_hands_mail_to_the_mta(self, site: Site) -> None:
        program = (
            "import smtplib; line = smtplib.SMTP('mta.example.test', 25, timeout=10); "
            "print(line.noop()[0])"
        )
        assert run(site.lab, "mailbox", "python3", "-c", program) == "250\n"

    @pytest.mark.parametrize("node", ["ldap", "mailbox", "mta", "proxy"])
    def test_a_line_of_each_node_arrives_at_the_logger(
        self, site: Site, node: str
    ) -> None:
        word = f"proof-{node}-{time.time_ns()}"
        run(site.lab, node, "logger", "-p", "local0.info", word)
        log = ["grep", "-h", word, "/var/log/zimbra.log"]
        assert _until(site.lab, "logger", log, f" {node} ")

    @pytest.mark.parametrize("node", ["ldap", "mta", "proxy", "logger"])
    def test_the_mailbox_server_commands_other_nodes(
        self, site: Site, node: str
    ) -> None:
        host = f"{node}.example.test"
        key = "/opt/zimbra/.ssh/zimbra_identity"
        line = ["ssh", "-T", "-o", "BatchMode=yes", "-i", key, f"zimbra@{host}"]
        argv = ["runuser", "-u", "zimbra", "--", *line]
        said = run(site.lab, "mailbox", *argv, given=f"HOST: {host} zmqstat\n")
        assert f"STARTCMD: {host} zmqstat" in said

    def test_an_administrator_gets_in_anew(self, site: Site) -> None:
        for node in site.lab.nodes:
            fresh = held.ssh(site.lab, node.name)
            assert fresh.answer() == "alive"
            fresh.end()


def _scanned(site: Site, target: Node) -> list[Told]:
    """Scan one node from all others and from outside."""
    callers = [(node.name, node.name, _ends(node)) for node in site.lab.nodes]
    callers += [(who, OUTSIDE, addresses) for who, addresses in SOURCES.items()]
    found = site.policies[target.name]
    return [
        told
        for who, by, addresses in callers
        if by != target.name
        for told in tried(site.lab, found, target, who, addresses, by=by)
    ]


def test_nothing_else_passes(site: Site) -> None:
    """All 65,535 TCP ports and the catalog's UDP ports, from everywhere, both families."""
    show("before:", site.before)
    assert_all(site.before)
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda node: _scanned(site, node), site.lab.nodes))
    for node, rows in zip(site.lab.nodes, told, strict=True):
        show(f"{node.name}, after:", rows)
    assert_all([one for rows in told for one in rows])
    assert sum(len(rows) for rows in told) == 5 * 7 * 2 * 3
