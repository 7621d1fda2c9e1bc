"""A load whose bans hold who works on the host is refused; so is one that ends bans."""

from collections.abc import Sequence

import pytest

from tests.engine.repair import HOST, RULES, directory, plan, proof, site, twin
from tests.engine.twin import Twin
from zmward.change import Change
from zmward.doors.host import Done
from zmward.engine.apply import Wish, apply
from zmward.engine.banned import holding
from zmward.engine.history import history
from zmward.errors import Fault, Refused
from zmward.firewall.own_rules import banned_in
from zmward.ruleset import LoadRuleset, Rules

NEW = Rules("nftables", (RULES,))
_SOCKET = '0 0 192.0.2.10:22 {}:50022 users:(("sshd",pid=1,fd=4)) ino:1 sk:1'


def host_with(banned: str, peer: str) -> Twin:
    host = twin()
    host.banned = banned

    def answers(argv: Sequence[str]) -> Done | None:
        if tuple(argv[:2]) == ("ss", "-tnpe"):
            return Done(0, _SOCKET.format(peer).encode())
        return Done(0) if argv[0] == "loginctl" else None

    host.fails = answers
    return host


def test_who_works_here_and_is_not_let_in_refuses_the_load() -> None:
    host = host_with("", "198.51.100.7")
    text = RULES.replace("tcp dport 22", "ip saddr 203.0.113.0/24 tcp dport 22")
    with pytest.raises(Refused, match=r"198\.51\.100\.7 works .* shut out") as refused:
        load(host, Rules("nftables", (text,)))
    assert refused.value.code == 4
    assert host.loaded == ""
    assert history(host) == ()
    load(host_with("", "203.0.113.5"), Rules("nftables", (text,)))


def test_the_port_by_which_somebody_came_must_be_open() -> None:
    moved = RULES.replace("tcp dport 22", "tcp dport 2222")
    with pytest.raises(Refused, match="would be shut out"):
        load(host_with("", "198.51.100.7"), Rules("nftables", (moved,)))


def test_of_whom_no_port_is_known_is_not_let_in() -> None:
    host = host_with("", "198.51.100.7")
    told = {
        "list-sessions": b"  7 0 root - pts/0\n",
        "show-session": b"Remote=yes\nRemoteHost=198.51.100.7\nState=active\n",
    }

    def answers(argv: Sequence[str]) -> Done | None:
        if argv[0] == "ss":
            return Done(127)
        return Done(0, told[argv[1]]) if argv[0] == "loginctl" else None

    host.fails = answers
    with pytest.raises(Refused, match="no port of SSH is known"):
        load(host)


def load(host: Twin, rules: Rules = NEW) -> None:
    change: Change = LoadRuleset(HOST, None, rules)
    apply(site(host, directory()), plan((change,)), Wish(), proof)


@pytest.mark.parametrize(
    ("banned", "peer"),
    [
        ("4 198.51.100.7 0\n", "198.51.100.7"),
        ("4 203.0.113.1 0\n4 198.51.100.0/24 55\n", "198.51.100.7"),
        ("4 198.51.100.1-198.51.100.9 0\n", "198.51.100.7"),
        ("6 2001:db8:bad::/48 0\n", "[2001:db8:bad::5]"),
    ],
)
def test_who_works_here_and_is_banned_refuses_the_load(banned: str, peer: str) -> None:
    host = host_with(banned, peer)
    with pytest.raises(Refused, match="is banned") as refused:
        load(host)
    assert refused.value.code == 4
    assert host.loaded == ""
    assert history(host) == ()


def test_bans_of_others_do_not_keep_rules_from_being_loaded() -> None:
    host = host_with("4 203.0.113.1 0\n4 198.51.100.8/29 0\n", "198.51.100.7")
    load(host)
    assert host.loaded != ""


def test_bans_that_a_plan_brings_count_too() -> None:
    own = "\tset bans4 {\n\t\ttype ipv4_addr\n\t\telements = { 198.51.100.7 }\n\t}\n"
    text = RULES.replace("\tchain input", f"{own}\tchain input")
    with pytest.raises(Refused, match=r"is banned \(198\.51\.100\.7\)"):
        load(host_with("", "198.51.100.7"), Rules("nftables", (text,)))
    sets = "create zmward-bans4 hash:net family inet\nadd zmward-bans4 10.0.0.0/8\n"
    chain = "-A ZMWARD-BANS -s 192.0.2.1 -j DROP\n"
    found = banned_in(Rules("iptables", (sets, chain, "")))
    assert found == ("10.0.0.0/8", "192.0.2.1")


def test_a_ban_that_nobody_can_read_is_no_permission() -> None:
    assert holding(("10.0.0.1", "2001:db8::1"), "10.0.0.2") == ""
    with pytest.raises(Fault, match="a ban is no address"):
        holding(("nonsense",), "10.0.0.2")
    with pytest.raises(Refused, match="a ban is no address"):
        load(host_with("4 nonsense 0\n", "10.0.0.2"))


def test_bans_do_not_end_because_ufw_takes_over() -> None:
    texts = ("", "", "", "", "")
    host = host_with("4 203.0.113.1 0\n", "198.51.100.7")
    with pytest.raises(Refused, match="ufw has no sets"):
        load(host, Rules("ufw", texts))
