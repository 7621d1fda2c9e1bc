"""Texts of rules say whether somebody is let in by SSH, whichever program loads them."""

import pytest

from tests.firewall.test_render import SITE, STORE
from zmward.firewall.let_in import shut_out
from zmward.firewall.openings import EVERYBODY, FAMILIES, Opening, Policy, Sources
from zmward.firewall.render_iptables import ipset, iptables
from zmward.firewall.render_nftables import nftables
from zmward.firewall.ufw_rules import marked, texts
from zmward.firewall.zones import sources
from zmward.ruleset import Backend, Rules

ADMIN4, ADMIN6 = "10.1.0.7", "2001:db8:a::7"
OTHERS = ("203.0.113.9", "2001:db8:bad::9", "10.2.0.7")
EACH = pytest.mark.parametrize("kind", ["nftables", "iptables", "plain", "ufw"])


def rules(kind: str, found: Policy) -> Rules:
    """Return rules of a kind; `plain` is iptables on a host without ipset."""
    if kind == "nftables":
        return Rules("nftables", (nftables(found),))
    if kind == "ufw":
        return Rules("ufw", marked(texts(found), "20261129T072831Z-ee24"))
    bans = Sources() if kind == "iptables" else None
    families = (iptables(found, f, bans=kind == "iptables") for f in FAMILIES)
    return Rules("iptables", (ipset(found, bans), *families))


@EACH
def test_administrators_are_let_in_and_others_are_not(kind: str) -> None:
    wanted = rules(kind, SITE)
    assert [shut_out(wanted, ip, (22,)) for ip in (ADMIN4, ADMIN6)] == ["", ""]
    for address in OTHERS:
        assert shut_out(wanted, address, (22,)) != ""


@EACH
def test_ssh_counts_where_it_is_reached_and_nowhere_else(kind: str) -> None:
    wanted = rules(kind, SITE)
    assert shut_out(wanted, ADMIN4, (2222,)) != ""
    assert shut_out(wanted, ADMIN4, (2222, 22)) == ""


@EACH
def test_the_host_itself_is_never_shut_out(kind: str) -> None:
    assert shut_out(rules(kind, STORE), "127.0.0.1", (22,)) == ""
    assert shut_out(rules(kind, STORE), "::1", (22,)) == ""


@EACH
def test_a_limit_of_new_logins_shuts_nobody_out(kind: str) -> None:
    opening = Opening(
        *("ssh", "tcp", ((22, 22),), "internet", EVERYBODY, "a test", "test"),
        rate="6/minute",
    )
    wanted = rules(kind, Policy("host.example", (opening,)))
    assert shut_out(wanted, OTHERS[0], (22,)) == ""


def test_sets_are_judged_as_they_will_be_filled() -> None:
    nets = (f"10.9.{n}.0/25" for n in range(200))
    opening = Opening(
        "ssh", "tcp", ((22, 22),), "admin", sources(nets), "a test", "test"
    )
    wanted = rules("iptables", Policy("host.example", (opening,)))
    assert "zmward-admin4-new 10.9.7.0/25" in wanted.texts[0]
    assert shut_out(wanted, "10.9.7.1", (22,)) == ""
    assert shut_out(wanted, "10.9.7.129", (22,)) != ""


@pytest.mark.parametrize("backend", ["nftables", "iptables", "ufw"])
def test_what_nobody_can_read_lets_nobody_in(backend: Backend) -> None:
    number = {"nftables": 1, "iptables": 3, "ufw": 5}[backend]
    wanted = Rules(backend, ("nonsense\n",) * number)
    assert "cannot be judged" in shut_out(wanted, ADMIN4, (22,))


def test_what_is_not_understood_lets_nobody_in() -> None:
    text = nftables(SITE).replace("tcp dport 22", "tcp dport 22 meta cpu 0")
    assert "not understood" in shut_out(Rules("nftables", (text,)), ADMIN4, (22,))


def test_a_family_without_rules_is_not_filtered() -> None:
    sets, v4, _ = rules("plain", SITE).texts
    assert shut_out(Rules("iptables", (sets, v4, "")), OTHERS[1], (22,)) == ""
