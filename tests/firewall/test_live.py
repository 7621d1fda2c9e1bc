"""The rules loaded on a host: who reaches what, by whatever way they come."""

import pytest

from zmward.firewall.live import Entrants, Live
from zmward.firewall.loaded import live
from zmward.firewall.ranges import Family, everything, networks
from zmward.firewall.ways import Held
from zmward.sources.source import Unreadable

TCP, UDP = 6, 17
V4 = ("192.0.2.10", "198.51.100.10")


def saved(*rules: str, nat: tuple[str, ...] = (), policy: str = "DROP") -> str:
    text = "".join(f"-A INPUT {rule}\n" for rule in rules)
    other = "".join(f"-A PREROUTING {rule}\n" for rule in nat)
    return (
        f"> iptables legacy\n*nat\n:PREROUTING ACCEPT [0:0]\n{other}COMMIT\n"
        f"*filter\n:INPUT {policy} [0:0]\n{text}COMMIT\n"
    )


def loaded(
    text: str,
    interfaces: tuple[str, ...] = ("eth0",),
    addresses: tuple[str, ...] = V4,
) -> Live:
    return Live(live(text), Held(interfaces, addresses))


def reached(found: Live, port: int = 7071, family: Family = "ipv4") -> Entrants:
    return found.reached(TCP, port, family)


def test_every_interface_is_asked_and_named() -> None:
    found = loaded(saved("-i eth1 -j ACCEPT", "-i wg+ -s 10.0.0.0/8 -j ACCEPT"))
    assert not reached(found).accepted
    several = ("eth0", "eth2", "wg0", "wg1")
    found = loaded(
        saved("-i eth1 -j ACCEPT", "-i wg+ -s 10.0.0.0/8 -j ACCEPT"), several
    )
    told = reached(found)
    assert told.accepted == networks(("10.0.0.0/8",), "ipv4")
    assert {entry for entry, step in told.by if step.rule.matches} == {"wg0, wg1"}
    assert len(found.ways["ipv4"]) == 2


def test_every_address_of_the_host_is_asked() -> None:
    found = loaded(saved("-d 198.51.100.10/32 -p tcp --dport 7071 -j ACCEPT"))
    assert reached(found).accepted == everything("ipv4")
    first = found.reached(TCP, 7071, "ipv4", destination=networks_of("192.0.2.10"))
    assert not first.accepted
    assert not first.unknown
    nowhere = loaded(saved("-d 203.0.113.1/32 -p tcp --dport 7071 -j ACCEPT"))
    assert not reached(nowhere).accepted


def networks_of(address: str) -> int:
    return networks((address,), "ipv4").pairs[0][0]


def test_a_redirect_leads_to_a_port_that_is_closed() -> None:
    rule = "-s 10.0.0.0/8 -p tcp -m tcp --dport 8000 -j REDIRECT --to-ports 7071"
    found = loaded(saved("-p tcp -m tcp --dport 7071 -s 10.1.0.0/16 -j ACCEPT"))
    assert reached(found).accepted == networks(("10.1.0.0/16",), "ipv4")
    open_ = saved("-m conntrack --ctstatus DNAT -j ACCEPT", nat=(rule,))
    assert reached(loaded(open_)).unknown
    behind = saved("-p tcp -m tcp --dport 7071 -s 10.2.0.0/15 -j ACCEPT", nat=(rule,))
    told = reached(loaded(behind))
    assert told.accepted == networks(("10.2.0.0/15",), "ipv4")
    assert any("REDIRECT" in step.rule.text for _, step in told.by)


@pytest.mark.parametrize("to", ["192.0.2.10:7071", "127.0.0.1:7071", ":7071"])
def test_a_destination_that_is_the_host_itself_is_unknown(to: str) -> None:
    rule = f"-p tcp -m tcp --dport 8000 -j DNAT --to-destination {to}"
    told = reached(loaded(saved(nat=(rule,))))
    assert told.unknown == everything("ipv4")
    assert "leads to port 7071" in told.doubts[0]


def test_what_leads_to_other_hosts_does_not_matter() -> None:
    rule = "-p tcp -m tcp --dport 8000 -j DNAT --to-destination 172.17.0.2:7071"
    assert not reached(loaded(saved(nat=(rule,)))).unknown


def test_what_was_not_asked_may_stop_what_is_let_in() -> None:
    text = saved("-p tcp -m tcp --dport 7071 -j ACCEPT") + "> missing nft\n"
    told = reached(loaded(text))
    assert not told.accepted
    assert told.unknown == everything("ipv4")
    assert told.doubts == ("not asked: nft",)
    closed = loaded(saved() + "> missing nft\n")
    assert not reached(closed).unknown


def test_a_port_of_each_long_row_is_asked() -> None:
    found = loaded(saved("-p tcp -m multiport --dports 22,25,1024:40000 -j ACCEPT"))
    assert found.wide("ipv4") == (1024, 40001)
    assert loaded(saved()).wide("ipv4") == (1,)


def test_whether_ipv6_is_in_use_is_told_by_the_addresses() -> None:
    assert loaded(saved()).ipv6 is False
    assert loaded(saved(), addresses=("::1", "fe80::1")).ipv6
    assert Live(live(saved())).ipv6 is None


def test_a_program_that_fails_is_no_empty_rule_set() -> None:
    with pytest.raises(Unreadable, match="no table in it"):
        live("> iptables legacy\niptables: command failed\n")
    with pytest.raises(Unreadable):
        live("> nft\nnot json\n")
    assert not live("> iptables none\n").rules.chains
