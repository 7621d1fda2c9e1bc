"""The real tools take what is rendered, and load just what the policy says."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.firewall.policies import boundaries, disagreements
from tests.firewall.test_render import SITE, STORE, loaded
from zmward.firewall import iptables as iptables_reader
from zmward.firewall import nft, nft_text
from zmward.firewall.minimum import minimum
from zmward.firewall.openings import FAMILIES, Policy
from zmward.firewall.ranges import Family
from zmward.firewall.render_iptables import ipset, iptables
from zmward.firewall.render_nftables import nftables
from zmward.firewall.render_ufw import placed, stale, ufw
from zmward.firewall.rules import Ruleset
from zmward.firewall.zones import sources

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
POLICIES = pytest.mark.parametrize(
    "found", [SITE, STORE, minimum(SITE)], ids=["single", "store", "minimum"]
)
BANS = sources(("198.51.100.0/24", "203.0.113.0/25", "2001:db8:bad::/48"))


def inside(script: str) -> str:
    """Run a script in namespaces of its own; return what it prints."""
    done = subprocess.run(
        ["unshare", "-n", "-m", "sh", "-ec", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def needs(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def agrees(found: Policy, family: Family, ruleset: Ruleset) -> None:
    wrong = list(disagreements(found, family, ruleset, boundaries(found)))
    assert not wrong, wrong[:3]


def parts(text: str) -> list[str]:
    return [part.strip("\n") for part in text.split("=====\n")]


class TestNft:
    @POLICIES
    def test_it_loads_what_the_policy_says_twice_the_same(
        self, found: Policy, tmp_path: Path
    ) -> None:
        needs("nft")
        path = tmp_path / "rules.nft"
        path.write_text(nftables(found, BANS), "utf-8")
        quoted = shlex.quote(str(path))
        once, text, twice = parts(
            inside(
                f"nft -c -f {quoted}; nft -f {quoted}; nft -j list ruleset; echo =====;"
                f"nft list ruleset; echo =====; nft -f {quoted}; nft list ruleset"
            )
        )
        assert text == twice
        assert nft.parse(once).chains
        path.write_text(nftables(found), "utf-8")
        again = f"nft -f {quoted}; nft -j list ruleset; echo =====; nft list ruleset"
        json, listed = parts(inside(again))
        for family in FAMILIES:
            agrees(found, family, nft.parse(json))
            agrees(found, family, nft_text.parse(listed))

    def test_other_tables_stay(self, tmp_path: Path) -> None:
        needs("nft")
        path = tmp_path / "rules.nft"
        path.write_text(nftables(SITE), "utf-8")
        quoted = shlex.quote(str(path))
        found = inside(
            "nft add table inet f2b; nft add set inet f2b banned "
            "'{ type ipv4_addr; elements = { 192.0.2.1 }; }';"
            f"nft -f {quoted}; nft list table inet f2b"
        )
        assert "192.0.2.1" in found

    def test_older_text_is_understood(self, tmp_path: Path) -> None:
        needs("nft")
        path = tmp_path / "rules.nft"
        path.write_text(nftables(SITE, BANS, element_counters=False), "utf-8")
        inside(f"nft -c -f {shlex.quote(str(path))}")

    def test_sets_take_as_many_bans_as_they_promise(self, tmp_path: Path) -> None:
        needs("nft")
        path = tmp_path / "rules.nft"
        many = sources(f"10.{n >> 8}.{n & 255}.0/25" for n in range(60_000))
        path.write_text(nftables(SITE, many), "utf-8")
        inside(f"nft -f {shlex.quote(str(path))}")


@pytest.mark.parametrize("tool", ["nft", "legacy"])
class TestIptables:
    @POLICIES
    def test_it_loads_what_the_policy_says_twice_the_same(
        self, tool: str, found: Policy, tmp_path: Path
    ) -> None:
        for family in FAMILIES:
            name = "iptables" if family == "ipv4" else "ip6tables"
            needs(f"{name}-{tool}-restore")
            path = tmp_path / family
            path.write_text(iptables(found, family), "utf-8")
            load = f"{name}-{tool}-restore --noflush {shlex.quote(str(path))}"
            save = f"{name}-{tool}-save | grep -v '^[#:]'"
            other = f"{name}-{tool} -A INPUT -p tcp --dport 9 -j ACCEPT"
            all_of = f"{name}-{tool}-save"
            test = load.replace("restore", "restore --test")
            once, saved, twice = parts(
                inside(
                    f"{other}; {test}; {load}; {save}; echo =====; {all_of};"
                    f"echo =====; {load}; {save}"
                )
            )
            assert once == twice
            assert "-A INPUT -p tcp -m tcp --dport 9 -j ACCEPT" in once
            agrees(found, family, iptables_reader.parse(saved, family))

    def test_sets_of_addresses_are_understood(self, tool: str, tmp_path: Path) -> None:
        needs(f"iptables-{tool}-restore", "ipset")
        sets, rules = tmp_path / "sets", tmp_path / "rules"
        sets.write_text(ipset(SITE, BANS), "utf-8")
        rules.write_text(iptables(SITE, "ipv4", bans=True), "utf-8")
        fill = f"ipset restore < {shlex.quote(str(sets))}"
        load = f"iptables-{tool}-restore --noflush {shlex.quote(str(rules))}"
        members = "ipset list zmward-bans4 | sed -n '/^Members/,$p'"
        once, twice = parts(
            inside(f"{fill}; {load}; {members}; echo =====; {fill}; {load}; {members}")
        )
        assert sorted(once.splitlines()) == sorted(twice.splitlines())
        assert "198.51.100.0/24" in once


class TestUfw:
    def test_it_loads_what_the_policy_says(self, tmp_path: Path) -> None:
        needs("ufw")
        found = SITE
        shutil.copytree("/etc/ufw", tmp_path / "ufw")
        settings = Path("/etc/default/ufw").read_text("utf-8")
        (tmp_path / "default").write_text(
            settings.replace("IPV6=no", "IPV6=yes"), "utf-8"
        )
        wanted = ufw(found)
        own = tmp_path / "ufw"
        (own / "applications.d/zmward").write_text(wanted.applications, "utf-8")
        for name, block in (
            ("before.rules", wanted.before),
            ("before6.rules", wanted.before6),
        ):
            text = (own / name).read_text("utf-8")
            (own / name).write_text(placed(text, block), "utf-8")
        commands = "; ".join(shlex.join(argv) for argv in wanted.commands)
        where = shlex.quote(str(tmp_path))
        mounted = (
            f"mount --bind {where}/ufw /etc/ufw;"
            f"mount --bind {where}/default /etc/default/ufw;"
        )
        once, six, added, again = parts(
            inside(
                f"{mounted} {{ {commands}; }} >&2; iptables-save; echo =====;"
                "ip6tables-save; echo =====; ufw show added; echo =====;"
                f"{{ {commands}; }} >&2; ufw show added"
            )
        )
        assert added == again
        agrees(found, "ipv4", iptables_reader.parse(once, "ipv4"))
        agrees(found, "ipv6", iptables_reader.parse(six, "ipv6"))
        assert stale(added, wanted) == ()
        less = replace(
            found, openings=tuple(o for o in found.openings if o.zone != "clients")
        )
        deletions = stale(added, ufw(less))
        assert deletions
        gone = "; ".join(shlex.join(argv) for argv in deletions)
        left = inside(f"{mounted} ufw reload >&2; {{ {gone}; }} >&2; ufw show added")
        assert "zmward-clients" in added
        assert "zmward-clients" not in left
        assert stale(left, ufw(less)) == ()


def test_the_reader_says_of_the_text_what_the_kernel_says() -> None:
    for family in FAMILIES:
        for tool in ("nftables", "iptables"):
            agrees(SITE, family, loaded(SITE, family, tool))
