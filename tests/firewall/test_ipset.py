"""Sets of ipset in rules: what they hold, and whatever leaves them in doubt."""

import pytest

from tests.firewall.packets import packet, verdict, what
from zmward.firewall import ipset
from zmward.firewall.exposed import Exposure
from zmward.firewall.folded import folded
from zmward.firewall.ipset import Sets
from zmward.firewall.iptables import parse
from zmward.firewall.loaded import live
from zmward.firewall.ranges import everything
from zmward.firewall.rules import Ruleset
from zmward.sources.source import Unreadable

# ipset 7.17, `ipset save`, shortened.
BANS = """\
create f2b-sshd hash:ip family inet hashsize 1024 maxelem 65536 timeout 600 comment
add f2b-sshd 198.51.100.7 timeout 598 comment "a nomatch b"
add f2b-sshd 203.0.113.9 timeout 0
"""


def rules(sets: str, *lines: str) -> Ruleset:
    text = ("*filter", ":INPUT ACCEPT [0:0]", *lines, "COMMIT", "")
    known = ipset.parse(sets)
    changed = ipset.changed(known, "\n".join(lines))
    return parse("\n".join(text), "ipv4", Sets(known, changed))


def dropping(sets: str, match: str) -> Ruleset:
    return rules(sets, f"-A INPUT -m set {match} -j DROP")


def test_a_ban_holds_for_its_address_alone() -> None:
    found = dropping(BANS, "--match-set f2b-sshd src")
    assert verdict(found, packet("198.51.100.7")) == "drop"
    assert verdict(found, packet("198.51.100.8")) == "accept"


def test_a_set_of_nets_with_holes() -> None:
    sets = (
        "create n hash:net family inet\nadd n 10.0.0.0/8\nadd n 10.1.0.0/16 nomatch\n"
        "add n 10.1.2.0/24 timeout 9\n"
    )
    found = dropping(sets, "--match-set n src")
    told = {a: verdict(found, packet(a)) for a in ("10.2.0.1", "10.1.9.9", "10.1.2.3")}
    assert list(told.values()) == ["drop", "accept", "drop"]
    inverted = dropping(sets, "! --match-set n src")
    assert verdict(inverted, packet("10.1.9.9")) == "drop"


def test_directions_name_what_is_compared() -> None:
    sets = "create p hash:ip,port family inet\nadd p 198.51.100.7,tcp:25\n"
    assert verdict(dropping(sets, "--match-set p src,dst"), packet()) == "drop"
    assert verdict(dropping(sets, "--match-set p src,src"), packet()) == "accept"
    assert verdict(dropping(sets, "--match-set p src,src"), packet(sport=25)) == "drop"
    assert verdict(dropping(sets, "--match-set p dst,dst"), packet()) == "accept"
    # The kernel asks no set that has more parts than the rule names.
    assert verdict(dropping(sets, "--match-set p src"), packet()) == "accept"
    assert verdict(dropping(sets, "! --match-set p src"), packet()) == "drop"


def test_a_list_holds_what_one_of_its_sets_holds() -> None:
    sets = f"{BANS}create l list:set size 8\nadd l f2b-sshd\nadd l ports\n"
    sets = f"create ports bitmap:port range 0-9\nadd ports 9\n{sets}"
    found = dropping(sets, "--match-set l src")
    assert verdict(found, packet("203.0.113.9")) == "drop"
    assert verdict(found, packet("203.0.113.8", sport=9)) == "drop"
    assert verdict(found, packet("203.0.113.8")) == "accept"
    none = dropping(sets, "! --match-set l src")
    assert verdict(none, packet("203.0.113.8")) == "drop"
    assert verdict(none, packet("203.0.113.9")) == "accept"


def test_marks_and_interfaces() -> None:
    sets = (
        "create m hash:ip,mark family inet markmask 0xffffffff\n"
        "add m 198.51.100.7,0x00000005\nadd m 203.0.113.9,0x00000000\n"
        "create i hash:net,iface family inet\nadd i 10.0.0.0/8,eth wildcard\n"
    )
    marked = dropping(sets, "--match-set m src,src")
    assert verdict(marked, packet("198.51.100.7")) == "accept"
    assert verdict(marked, packet("203.0.113.9")) == "drop"
    inner = dropping(sets, "--match-set i src,src")
    assert verdict(inner, packet("10.0.0.1")) == "drop"
    assert verdict(inner, packet("10.0.0.1", entry="wg0")) == "accept"
    assert verdict(dropping(sets, "--match-set i src,dst"), packet("10.0.0.1")) == (
        "accept"
    )


DOUBTS = [
    ("", "--match-set gone src", "the set gone: its members were not told"),
    (BANS, "--match-set f2b-sshd src --return-nomatch", "-m set --match-set f2b-sshd"),
    (BANS, "--match-set f2b-sshd src --packets-gt 3", "-m set --match-set f2b-sshd"),
    (BANS, "--match-set f2b-sshd sideways", "f2b-sshd sideways"),
    ("create a hash:ip bitmask 255.0.0.255\n", "--match-set a src", "option bitmask"),
    ("create a hash:ip,mark markmask 0xf\n", "--match-set a src,src", "markmask"),
    ("create a hash:ip netmask 99\n", "--match-set a src", "option netmask"),
    ("create a hash:new\n", "--match-set a src", "the set a: its kind hash:new"),
    (
        "create a hash:ip\nadd a 1.2.3.4,9\n",
        "--match-set a src",
        "its member 1.2.3.4,9",
    ),
    ("create a hash:ip\nadd a here\n", "--match-set a src", "'here' is no address"),
    (
        "create a hash:ip,port\nadd a 1.2.3.4,odd:9\n",
        "--match-set a src,dst",
        "odd is no number",
    ),
    (
        "create a hash:net,net\nadd a 1.0.0.0/8,2.0.0.0/8 nomatch\n",
        "--match-set a src,dst",
        "nomatch among several networks",
    ),
    (
        "create a hash:ip,mac\nadd a 198.51.100.7,00:11:22:33:44:55\n",
        "--match-set a src,src",
        "--match-set a src,src",
    ),
    (
        "create l list:set\nadd l gone\n",
        "--match-set l src",
        "--match-set l src",
    ),
]


@pytest.mark.parametrize(("sets", "match", "said"), DOUBTS)
def test_what_is_not_understood_is_unknown_and_named(
    sets: str, match: str, said: str
) -> None:
    told = what(dropping(sets, match), packet())
    assert told.verdict == "unknown"
    assert said in " ".join(doubt.text for doubt in told.doubts)


def test_a_set_that_rules_change_is_unknown() -> None:
    lists = f"{BANS}create l list:set size 8\nadd l f2b-sshd\n"
    for name in ("f2b-sshd", "l"):
        found = rules(
            lists,
            f"-A INPUT -p tcp -m tcp --dport 23 -j SET --add-set {name} src",
            "-A INPUT -m set --match-set f2b-sshd src -j DROP",
        )
        told = what(found, packet())
        assert told.verdict == "unknown"
        assert "rules add to it" in told.doubts[0].text


def test_a_hundred_thousand_bans_are_one_match() -> None:
    bans = "".join(
        f"add b 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(0, 200_000, 2)
    )
    found = rules(
        f"create b hash:ip family inet\n{bans}",
        "-A INPUT -m set --match-set b src -j DROP",
    )
    exposed = Exposure(folded(found)).of(6, 25, "ipv4", entry="eth0")
    assert not exposed.unknown
    assert (everything("ipv4") - exposed.accepted).count() == 100_000


def test_sets_are_read_from_what_a_host_answers() -> None:
    saved = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set f2b-sshd src"
    answer = f"> iptables legacy\n{saved} -j DROP\nCOMMIT\n> ipset\n{BANS}"
    assert verdict(live(answer).rules, packet("203.0.113.9")) == "drop"
    broken = live(answer.replace("create f2b-sshd", "creates f2b-sshd"))
    assert verdict(broken.rules, packet("203.0.113.9")) == "unknown"
    bare = live(f"> iptables legacy\n{saved} -j DROP\nCOMMIT\n")
    assert verdict(bare.rules, packet("203.0.113.9")) == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "hash:ip\n",
        "create a\n",
        "add a\n",
        "create a hash:ip netmask many\n",
        "flush a\n",
    ],
)
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable, match="line 1"):
        ipset.parse(text)
