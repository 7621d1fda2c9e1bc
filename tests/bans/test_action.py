"""The action in a kernel: sets of ours where they are, else routes; nobody for ever."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.firewall.test_render import SITE
from zmward.bans.render import FOLDER, action_text
from zmward.bans.spared import Spared
from zmward.firewall.openings import Sources
from zmward.firewall.render_iptables import ipset
from zmward.firewall.render_nftables import nftables

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("fail2ban-client") is None, reason="no fail2ban"),
]
FOUR, SIX = "198.51.100.7", "2001:db8:0:2::7"
# Three of one network: a stranger's, our own, and one where somebody is spared.
NET, OWN, SPARED = "2001:db8:0:2::", "2001:db8:0:1::", "2001:db8:0:9::"
HOSTS = ("7", "8", "9")
# As fail2ban itself fills in the tags of an action.
FILLED = """
import sys
sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.client.actionreader import ActionReader
from fail2ban.server.action import CommandAction
base, marks, *addresses = sys.argv[1:]
for jail in ("zmward-smtp", "zmward-login"):
    reader = ActionReader("zmward", jail, {"marks": marks}, basedir=base)
    assert reader.read()
    reader.getOptions({})
    options = dict(reader.convert()[1][-1])
    for name in ("actionstart", "actionban", "actionunban"):
        for ip in addresses:
            text = CommandAction.replaceTag(options[name], {"ip": ip})
            with open(f"{marks}/{name}-{jail}-{ip}", "w") as file:
                file.write(text)
"""
LINK = """
ip link set lo up
ip link add d0 type veth peer name d1
ip address add 192.0.2.10/24 dev d0
ip -6 address add 2001:db8:0:1::10/64 dev d0 nodad
ip link set d0 up
ip link set d1 up
"""


class Kernel:
    """A network of its own, and the action's commands as files."""

    def __init__(self, room: Path) -> None:
        self.room, self.marks = room, room / "marks"
        place = room / "fail2ban"
        shutil.copytree(FOLDER, place)
        text = action_text("mail.example.com", (Spared(f"{SPARED}99", "a node"),), 3)
        (place / "action.d/zmward.conf").write_text(text)
        self.marks.mkdir()
        some = (FOUR, *(f"{net}{n}" for net in (NET, OWN, SPARED) for n in HOSTS))
        argv = ["python3", "-c", FILLED, str(place), str(self.marks), *some]
        subprocess.run(argv, check=True)
        self.commands = room / "commands"
        self.marks.rename(self.commands)

    def run(self, *script: str) -> str:
        """Run lines in a network of their own, and return what they print."""
        text = LINK + "\n".join(script)
        done = subprocess.run(
            ["unshare", "-n", "sh", "-ec", text],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        shutil.rmtree(self.marks, ignore_errors=True)
        shutil.rmtree(f"{self.marks}-networks", ignore_errors=True)
        return done.stdout

    def act(self, name: str, address: str = FOUR, jail: str = "smtp") -> str:
        """Return the line that does what fail2ban would do."""
        return f"sh {self.commands}/action{name}-zmward-{jail}-{address}"


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


ROUTES = "ip route show type blackhole; ip -6 route show type blackhole"
SETS = "for set in bans4 bans6; do nft list set inet zmward $set; done"


def test_without_rules_of_ours_a_route_leads_nowhere(kernel: Kernel) -> None:
    both = [kernel.act("ban", one) for one in (FOUR, SIX)]
    said = kernel.run(*both, *both, ROUTES)
    assert [line.split()[1] for line in said.splitlines()] == [FOUR, SIX]
    ends = [kernel.act("unban", one) for one in (FOUR, SIX)]
    assert kernel.run(*both, *ends, *ends, ROUTES) == ""


def test_in_rules_of_ours_the_set_is_used(kernel: Kernel) -> None:
    rules = kernel.room / "rules.nft"
    rules.write_text(nftables(SITE))
    both = [kernel.act("ban", one) for one in (FOUR, SIX)]
    said = kernel.run(f"nft -f {rules}", *both, SETS, ROUTES)
    assert FOUR in said
    assert SIX in said
    assert "blackhole" not in said
    ends = [kernel.act("unban", one) for one in (FOUR, SIX)]
    said = kernel.run(f"nft -f {rules}", *both, *ends, SETS)
    assert FOUR not in said
    assert SIX not in said


def test_with_ipset_its_set_is_used(kernel: Kernel) -> None:
    sets = kernel.room / "sets"
    sets.write_text(ipset(SITE, Sources()))
    both = [kernel.act("ban", one) for one in (FOUR, SIX)]
    shown = "ipset save zmward-bans4; ipset save zmward-bans6"
    said = kernel.run(f"ipset restore <{sets}", *both, shown, ROUTES)
    assert f"add zmward-bans4 {FOUR} timeout 0" in said
    assert f"add zmward-bans6 {SIX} timeout 0" in said
    assert "blackhole" not in said
    ends = [kernel.act("unban", one) for one in (FOUR, SIX)]
    said = kernel.run(f"ipset restore <{sets}", *both, *ends, shown)
    assert "\nadd " not in said


def test_the_last_of_two_jails_lets_go(kernel: Kernel) -> None:
    two = [kernel.act("ban", jail=jail) for jail in ("smtp", "login")]
    assert FOUR in kernel.run(*two, kernel.act("unban", jail="login"), ROUTES)
    ends = [kernel.act("unban", jail=jail) for jail in ("login", "smtp")]
    assert kernel.run(*two, *ends, ROUTES) == ""


def test_a_whitelist_may_come_between(kernel: Kernel) -> None:
    """Who was banned by a route is let go though there is a set by now."""
    rules = kernel.room / "rules.nft"
    rules.write_text(nftables(SITE))
    ban, end = kernel.act("ban"), kernel.act("unban")
    assert kernel.run(ban, f"nft -f {rules}", end, ROUTES) == ""
    assert FOUR in kernel.run(f"nft -f {rules}", ban, "nft flush ruleset", ban, ROUTES)


def test_a_start_lets_go_whom_a_killed_fail2ban_left(kernel: Kernel) -> None:
    start = kernel.act("start")
    assert kernel.run(kernel.act("ban"), kernel.act("ban", SIX), start, ROUTES) == ""
    # What another jail bans stays.
    other = kernel.act("ban", jail="login")
    assert FOUR in kernel.run(kernel.act("ban"), other, start, ROUTES)
    assert kernel.run(start, ROUTES) == ""


@pytest.mark.parametrize("place", ["route", "nft", "ipset"])
def test_three_of_a_network_ban_it_until_the_last_is_let_go(
    kernel: Kernel, place: str
) -> None:
    rules, sets = kernel.room / "rules.nft", kernel.room / "sets"
    rules.write_text(nftables(SITE))
    sets.write_text(ipset(SITE, Sources()))
    begin = {"route": ":", "nft": f"nft -f {rules}", "ipset": f"ipset restore <{sets}"}
    shown = {
        "route": ROUTES,
        "nft": "nft list set inet zmward banned-networks6",
        "ipset": "ipset save zmward-bans6",
    }
    bans = [kernel.act("ban", f"{NET}{n}") for n in HOSTS]
    ends = [kernel.act("unban", f"{NET}{n}") for n in HOSTS]
    look = (begin[place], *bans)
    assert f"{NET}/64" in kernel.run(*look, shown[place])
    assert f"{NET}/64" not in kernel.run(*look[:3], shown[place])
    assert f"{NET}/64" in kernel.run(*look, *ends[:2], shown[place])
    assert NET not in kernel.run(*look, *ends, shown[place])
    start = kernel.act("start")
    assert NET not in kernel.run(*look, start, shown[place])


@pytest.mark.parametrize("net", [OWN, SPARED])
def test_a_network_of_ours_or_of_somebody_spared_is_not_banned(
    kernel: Kernel, net: str
) -> None:
    bans = [kernel.act("ban", f"{net}{n}") for n in HOSTS]
    said = kernel.run(*bans, ROUTES)
    assert [line.split()[1] for line in said.splitlines()] == [
        f"{net}{n}" for n in HOSTS
    ]


def test_a_network_that_somebody_else_shut_is_left_shut(kernel: Kernel) -> None:
    other = f"ip -6 route add blackhole {NET}/64"
    acts = [kernel.act(name, SIX) for name in ("ban", "unban")]
    assert f"{NET}/64" in kernel.run(other, *acts, ROUTES)
