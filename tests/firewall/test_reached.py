"""Who reaches each listening socket, by the rules that are loaded."""

import time

import pytest

from tests.examples import facts_of
from tests.firewall.site import CLUSTER, NODE, cluster, single
from zmward.control import Control
from zmward.controls.registry import controls
from zmward.evidence import Answer, Evidence
from zmward.exposure import Node, exposure
from zmward.facts import Facts
from zmward.firewall.grid import Cell, places, planned, shut
from zmward.firewall.policy import policy
from zmward.sources.listeners import Listener

PROFILE = {
    "networks": {"admins": ["10.1.0.0/24"], "clients": ["10.0.0.0/8"]},
    "firewall": {"allow": [{"port": 9000, "from": ["203.0.113.9/32"], "why": "x"}]},
}
SOCKETS = (
    Listener("tcp", "*", 22, "sshd"),
    Listener("tcp", "0.0.0.0", 11211, "memcached"),  # noqa: S104  # what ss shows
    Listener("tcp", "192.0.2.10", 389, "slapd"),
    Listener("tcp", "127.0.0.1", 7171, "java"),
    Listener("udp", "*", 5353, "mdns"),
)


def looked(rules: str | None, *sockets: Listener, raw: str = "") -> Node:
    """Return what is drawn of a node whose rules are some nft text or raw answer."""
    found = single(profile=PROFILE, listeners=sockets or SOCKETS)
    answers = dict(found.evidence.answers[NODE])
    if rules is not None:
        answers["firewall"] = Answer(raw or f"> iptables legacy\n{rules}")
    whole = {**found.evidence.answers, NODE: answers}
    evidence = Evidence(when=found.evidence.when, answers=whole)
    (node,) = exposure(Facts(evidence, found.profile, found.now)).nodes
    return node


def cells(node: Node, what: str) -> dict[str, Cell]:
    assert node.who is not None
    (row,) = (row for row in node.who.rows if row.what == (what,))
    return dict(zip(map(str, node.who.zones), row.cells, strict=True))


def saved(*rules: str) -> str:
    lines = "".join(f"-A INPUT {rule}\n" for rule in rules)
    return f"*filter\n:INPUT DROP [0:0]\n{lines}COMMIT\n"


def verdicts(node: Node) -> dict[int, str]:
    return {socket.port: socket.verdict for socket in node.sockets}


def test_without_rules_everybody_reaches_what_listens() -> None:
    node = looked("", raw="> iptables none\n")
    assert set(cells(node, "tcp 11211").values()) == {"open"}
    assert verdicts(node)[11211] == "open"
    assert verdicts(node)[7171] == "local"


def test_a_zone_that_gets_in_is_told_from_one_that_does_not() -> None:
    node = looked(saved("-s 10.1.0.0/24 -p tcp -m tcp --dport 11211 -j ACCEPT"))
    found = cells(node, "tcp 11211")
    assert found == {
        "internet": "closed",
        "clients": "part",
        "admin": "open",
        "named": "closed",
    }
    assert verdicts(node)[11211] == "limited"
    assert verdicts(node)[389] == "closed"


def test_a_rule_for_the_sockets_own_address_counts() -> None:
    node = looked(saved("-d 192.0.2.10/32 -p tcp -m tcp --dport 389 -j ACCEPT"))
    assert cells(node, "tcp 389")["internet"] == "open"
    other = looked(saved("-d 192.0.2.99/32 -p tcp -m tcp --dport 389 -j ACCEPT"))
    assert cells(other, "tcp 389")["internet"] == "closed"


def test_the_family_that_no_filter_looks_at_is_open() -> None:
    node = looked(saved())
    assert cells(node, "tcp 11211")["internet"] == "closed"
    assert cells(node, "tcp 22")["internet"] == "part"  # over IPv6
    assert verdicts(node)[22] == "open"


def test_bans_make_the_internet_no_smaller() -> None:
    bans = (f"-s 203.0.113.{n}/32 -j DROP" for n in range(0, 200, 2))
    node = looked(saved(*bans, "-p tcp -m tcp --dport 11211 -j ACCEPT"))
    assert cells(node, "tcp 11211")["internet"] == "open"
    half = looked(
        saved("-s 0.0.0.0/1 -j DROP", "-p tcp -m tcp --dport 11211 -j ACCEPT")
    )
    assert cells(half, "tcp 11211")["internet"] == "part"


def test_what_nobody_understands_is_unknown() -> None:
    node = looked(saved("-p tcp --dport 11211 -m strange --charm -j ACCEPT"))
    assert cells(node, "tcp 11211")["internet"] == "unknown"
    assert verdicts(node)[11211] == "unknown"


def test_a_back_end_that_was_not_asked_leaves_nothing_sure() -> None:
    node = looked("", raw=f"> iptables legacy\n{saved('-j ACCEPT')}> missing nft\n")
    assert cells(node, "tcp 11211")["internet"] == "unknown"
    assert cells(node, "udp 5353")["internet"] == "unknown"
    assert node.rules_reason == "not asked: nft"


@pytest.mark.parametrize("raw", ["", "> nft\n{", "no section\n"])
def test_rules_that_cannot_be_read_are_no_picture(raw: str) -> None:
    node = looked("", raw=raw or "\n")
    assert node.who is None
    assert node.rules_reason
    assert verdicts(node)[11211] == "unknown"


def test_rules_that_were_not_asked_are_no_picture() -> None:
    node = looked(None)
    assert node.who is None
    assert verdicts(node)[22] == "unknown"


def test_ten_thousand_sockets_are_drawn_in_seconds() -> None:
    many = (Listener("tcp", "*", port, "x") for port in range(20_001, 30_001))
    begun = time.process_time()
    node = looked(saved("-p tcp -m tcp --dport 25 -j ACCEPT"), *many)
    assert time.process_time() - begun < 10
    assert node.who is not None
    assert len(node.who.rows) == 10_000


class TestThePlannedPicture:
    def test_every_opening_and_every_closed_service_is_in_it(self) -> None:
        found = cluster({"networks": {"admins": ["10.1.0.0/24"]}})
        for host in CLUSTER:
            own = policy(found, host)
            grid = planned(own, places(found, host))
            assert {row.name for row in grid.rows} == {o.name for o in own.openings}
            assert "cluster" in grid.zones
            closed = {one.name for one in shut(found, host, own)}
            assert closed >= {text.partition(" ")[0] for text in own.closed}

    def test_clients_within_administrators_reach_what_those_do(self) -> None:
        inside = {"networks": {"admins": ["10.0.0.0/8"], "clients": ["10.2.0.0/16"]}}
        found = single(profile=inside)
        grid = planned(policy(found, NODE), places(found, NODE))
        (ssh,) = (row for row in grid.rows if row.name == "ssh")
        shown = dict(zip(grid.zones, ssh.cells, strict=True))
        assert shown == {"internet": "closed", "clients": "open", "admin": "open"}


@pytest.mark.parametrize("control", controls().values(), ids=lambda c: c.id)
def test_whatever_a_host_shows_there_is_a_map(control: Control) -> None:
    for example in control.examples:
        found = exposure(facts_of(example))
        for node in found.nodes:
            assert node.reason or node.rules_reason or node.who is not None
