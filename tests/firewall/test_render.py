"""Every rendered rule set lets in what the policy says, and nothing else."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.firewall.policies import (
    boundaries,
    disagreements,
    policies,
    told,
    wanted,
)
from tests.firewall.site import LISTENERS, NODE, cluster, single
from zmward.firewall import iptables as iptables_reader
from zmward.firewall import nft_text
from zmward.firewall.basics import KEPT, odd
from zmward.firewall.minimum import minimum
from zmward.firewall.openings import FAMILIES, TRUSTED, Policy, Sources
from zmward.firewall.packet import ICMP, ICMPV6, TCP, Packet, probe
from zmward.firewall.policy import policy
from zmward.firewall.ranges import Family, Ranges, everything, network
from zmward.firewall.ranges import single as one_number
from zmward.firewall.reach import reach
from zmward.firewall.render_iptables import chunks, foreign_rules, ipset, iptables
from zmward.firewall.render_nftables import nftables
from zmward.firewall.render_ufw import BEGIN, END, placed, stale, ufw
from zmward.firewall.rules import PROTOCOLS, Ruleset
from zmward.firewall.zones import sources
from zmward.sources.listeners import Listener

GOLDEN = Path(__file__).parent / "golden"
PROFILE = {
    "networks": {
        "admins": ["10.1.0.0/24", "2001:db8:a::/48"],
        "clients": ["10.0.0.0/8", "2001:db8:c::/48"],
        "monitoring": ["10.9.0.1/32"],
        "relays": ["10.5.0.0/24"],
    },
    "firewall": {
        "cluster": ["192.0.2.99/32"],
        "allow": [
            {"name": "vrrp", "from": ["cluster"], "why": "addresses that move"},
            {"port": "7788-7799", "from": ["10.3.0.2/32"], "why": "storage"},
        ],
    },
}
DHCP = Listener("udp", "*", 68, "dhclient")
SITE = policy(single(profile=PROFILE, listeners=(*LISTENERS, DHCP)), NODE)
STORE = policy(cluster({"networks": {"admins": ["10.1.0.0/24"]}}), "store.example.com")


def loaded(found: Policy, family: Family, tool: str) -> Ruleset:
    """Return what a tool would load of a policy, as the reach engine reads it."""
    if tool == "nftables":
        return nft_text.parse(nftables(found))
    # Emptying a chain that a file begins anew is no rule of iptables-save.
    text = iptables(found, family).replace("-F INPUT\n", "")
    return iptables_reader.parse(text, family)


TOOLS = ("nftables", "iptables")


@pytest.mark.parametrize("tool", TOOLS)
class TestRulesSayWhatThePolicySays:
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @example(found=SITE)
    @example(found=STORE)
    @example(found=minimum(SITE))
    @given(found=policies())
    def test_at_every_edge_of_every_opening(self, tool: str, found: Policy) -> None:
        for family in FAMILIES:
            ruleset = loaded(found, family, tool)
            wrong = list(disagreements(found, family, ruleset, boundaries(found)))
            assert not wrong, wrong[:3]

    @pytest.mark.parametrize("found", [SITE, STORE], ids=["single", "store"])
    def test_for_random_closed_pairs(self, tool: str, found: Policy) -> None:
        rng = random.Random(4)  # noqa: S311  # a test's own choice
        rulesets = {family: loaded(found, family, tool) for family in FAMILIES}
        closed = 0
        while closed < 200:
            family: Family = rng.choice(FAMILIES)
            protocol = rng.choice((PROTOCOLS["tcp"], PROTOCOLS["udp"]))
            port = rng.randrange(1, 65536)
            last = everything(family).pairs[0][1]
            source = rng.randrange(last)
            if source in wanted(found, family, protocol, port, 49152):
                continue
            packet = Packet(family, source, 1, protocol, 49152, port, entry="eth0")
            said = reach(rulesets[family], probe(packet), one_number(source))
            assert said.verdict == "drop", (family, protocol, port, source)
            closed += 1

    def test_every_opening_lets_its_first_and_last_address_in(self, tool: str) -> None:
        for opening in SITE.openings:
            for family in FAMILIES:
                ruleset = loaded(SITE, family, tool)
                for first, last in opening.sources.of(family).pairs:
                    for source in (first, last):
                        for port in (p for pair in opening.ports for p in pair):
                            packet = Packet(
                                *(family, source, 1, opening.number),
                                opening.source_port or 49152,
                                *(port, 2),
                                entry="eth0",
                            )
                            said = reach(ruleset, probe(packet), one_number(source))
                            assert said.verdict == "accept", (opening.name, port)

    def test_loopback_is_let_in_and_known_connections_too(self, tool: str) -> None:
        for family in FAMILIES:
            ruleset = loaded(SITE, family, tool)
            packet = Packet(family, 5, 1, TCP, 1, 7171, entry="lo")
            assert reach(ruleset, probe(packet), one_number(5)).verdict == "accept"
            known = told(ruleset, family, TCP, 7171, state="established")
            assert known.verdict == "accept"
            assert told(ruleset, family, TCP, 7171, state="invalid").verdict == "drop"

    def test_packets_with_odd_flags_never_open_a_connection(self, tool: str) -> None:
        for family in FAMILIES:
            ruleset = loaded(SITE, family, tool)
            for flags in range(64):
                for state in ("new", ""):
                    found = told(ruleset, family, TCP, 443, flags=flags, state=state)
                    expected = "drop" if odd(flags) else "accept"
                    assert found.verdict == expected, (flags, state)

    def test_icmp_that_networks_need_is_kept_and_no_other(self, tool: str) -> None:
        for family in FAMILIES:
            ruleset = loaded(SITE, family, tool)
            protocol = ICMP if family == "ipv4" else ICMPV6
            for number in range(256):
                rows = [k for k in KEPT if k.family == family and number in k.types]
                found = told(ruleset, family, protocol, 0, icmp=(number, 0))
                if not rows:
                    assert found.verdict == "drop", number
                elif not rows[0].source:
                    assert found.verdict == "accept", number
                else:
                    assert found.accepted == sources((rows[0].source,)).of(family)

    def test_the_minimum_keeps_ssh_the_cluster_and_mail_alone(self, tool: str) -> None:
        least = minimum(SITE)
        names = {(o.name, o.zone) for o in least.openings}
        assert ("ssh", "admin") in names
        assert ("smtp", "internet") in names
        assert not {"https", "imaps", "submission"} & {name for name, _ in names}
        ruleset = loaded(least, "ipv4", tool)
        assert told(ruleset, "ipv4", TCP, 443).verdict == "drop"
        assert told(ruleset, "ipv4", TCP, 25).verdict == "accept"


class TestBans:
    banned = sources(("198.51.100.0/24", "10.1.0.7/32", "2001:db8:bad::/48"))

    def test_banned_addresses_get_nowhere_but_in_by_trusted_ways(self) -> None:
        ruleset = nft_text.parse(nftables(SITE, self.banned))
        for family in FAMILIES:
            mail = told(ruleset, family, TCP, 25)
            assert mail.dropped == self.banned.of(family) - _kept(SITE, 25, family)
        ssh = told(ruleset, "ipv4", TCP, 22)
        assert ssh.accepted == wanted(SITE, "ipv4", TCP, 22, 49152)

    def test_sets_have_room_and_say_how_much(self) -> None:
        text = nftables(SITE)
        assert text.count("\t\tsize ") == text.count("\tset ")

    def test_old_tools_get_no_counters_of_elements(self) -> None:
        assert "\t\tcounter\n" in nftables(SITE)
        assert "\t\tcounter\n" not in nftables(SITE, element_counters=False)

    def test_addresses_and_networks_have_sets_of_their_own(self) -> None:
        text = nftables(SITE, self.banned)
        single = text.partition("set bans4 {")[2].partition("set ")[0]
        wide = text.partition("set banned-networks4 {")[2].partition("set ")[0]
        # With flags the kernel would take a slower kind of set.
        assert "flags" not in single
        assert "10.1.0.7\n" in single
        assert "198.51.100.0/24\n" in wide

    def test_iptables_asks_a_set(self) -> None:
        assert "--match-set zmward-bans4 src" in iptables(SITE, "ipv4", bans=True)
        text = ipset(SITE, self.banned)
        assert "add zmward-bans4 198.51.100.0/24 -exist\n" in text
        assert "swap zmward-bans" not in text


def _kept(found: Policy, port: int, family: Family) -> Ranges:
    kept = Sources()
    for one in found.openings:
        inside = any(a <= port <= b for a, b in one.ports)
        if one.zone in TRUSTED and one.protocol == "tcp" and inside:
            kept |= one.sources
    return kept.of(family)


class TestIptables:
    def test_multiport_takes_fifteen_and_a_range_counts_twice(self) -> None:
        spans = tuple((port, port + port % 2) for port in range(1, 120, 3))
        pieces = list(chunks(spans))
        assert tuple(span for piece in pieces for span in piece) == spans
        for piece in pieces:
            assert sum(1 + (a != b) for a, b in piece) <= 15

    def test_a_zone_of_many_networks_is_a_set(self) -> None:
        many = [f"198.51.{n}.0/25" for n in range(100)]
        found = policy(single(profile={"networks": {"admins": many}}), NODE)
        text = iptables(found, "ipv4")
        assert "--match-set zmward-admin4 src -j ZMWARD-ADMIN" in text
        assert ipset(found).count("add zmward-admin4-new ") == 100
        assert len(text.splitlines()) < 80

    def test_chains_have_names_that_the_kernel_takes(self) -> None:
        for found in (SITE, STORE):
            for line in iptables(found, "ipv4").splitlines():
                if line.startswith(":"):
                    assert len(line.split()[0]) <= 29

    def test_rules_of_others_in_our_table_are_told(self) -> None:
        saved = (
            "*filter\n-A INPUT -j ufw\nCOMMIT\n*security\n-A INPUT -j ZMWARD\n"
            "-A INPUT -p tcp -j SECMARK --selctx x\nCOMMIT\n"
        )
        assert foreign_rules(saved) == ("-A INPUT -p tcp -j SECMARK --selctx x",)


RULES = """\
# rules.before
*filter
:ufw-before-input - [0:0]
# End required lines
-A ufw-before-input -i lo -j ACCEPT

# don't delete the 'COMMIT' line or these rules won't be processed
COMMIT
"""


class TestUfw:
    def test_ssh_is_let_in_before_anything_is_denied(self) -> None:
        commands = ufw(SITE).commands
        first = commands[0]
        assert first[:7] == (
            "ufw",
            "allow",
            "proto",
            "tcp",
            "from",
            "10.1.0.0/24",
            "to",
        )
        assert first[9] == "22"
        denied = commands.index(("ufw", "default", "deny", "incoming"))
        enabled = commands.index(("ufw", "--force", "enable"))
        last = max(n for n, argv in enumerate(commands) if argv[1] == "allow")
        assert last < denied < enabled

    def test_items_have_at_most_fifteen_ports_and_no_blank(self) -> None:
        for found in (SITE, STORE):
            for line in ufw(found).applications.splitlines():
                if line.startswith("ports="):
                    for item in line.removeprefix("ports=").split("|"):
                        assert " " not in item
                        ports, _, protocol = item.partition("/")
                        assert protocol in ("tcp", "udp")
                        used = sum(1 + (":" in port) for port in ports.split(","))
                        assert used <= 15

    def test_every_profile_that_a_command_names_exists(self) -> None:
        found = ufw(SITE)
        for argv in found.commands:
            if "app" in argv and "allow" in argv:
                assert f"[{argv[argv.index('app') + 1]}]" in found.applications

    def test_our_block_is_marked_and_put_in_once(self) -> None:
        block = ufw(SITE).before
        once = placed(RULES, block)
        assert placed(once, block) == once
        assert once.count(BEGIN) == once.count(END) == 1
        assert once.replace(block, "") == RULES
        assert once.index(BEGIN) < once.index("-i lo -j ACCEPT")

    def test_ssh_from_anywhere_is_known_again(self) -> None:
        added = "ufw allow 22/tcp comment 'zmward: ssh'\n"
        assert stale(added, ufw(policy(single(), NODE))) == ()
        assert stale(added, ufw(SITE)) == (
            ("ufw", "--force", "delete", "allow", "22/tcp"),
        )

    def test_a_file_of_something_else_is_refused(self) -> None:
        with pytest.raises(ValueError, match="COMMIT"):
            placed("nothing\n", ufw(SITE).before)

    def test_only_our_own_old_rules_are_deleted(self) -> None:
        added = (
            "Added user rules (see 'ufw status' for running firewall):\n"
            "ufw allow from 10.1.0.0/24 to any port 22 proto tcp comment 'zmward: ssh'\n"
            "ufw allow from 10.66.0.0/24 to any port 22 proto tcp comment 'zmward: ssh'\n"
            "ufw allow 8080/tcp\n"
            "ufw allow zmward-everybody4 comment 'zmward: smtp, http, https'\n"
            "ufw allow zmward-everybody6 comment 'zmward: smtp, http, https'\n"
        )
        assert stale(added, ufw(SITE)) == (
            (
                *("ufw", "--force", "delete", "allow", "from", "10.66.0.0/24"),
                *("to", "any", "port", "22", "proto", "tcp"),
            ),
        )


class TestTexts:
    @pytest.mark.parametrize("name", ["single", "store"])
    def test_they_are_the_goldens(self, name: str) -> None:
        found = SITE if name == "single" else STORE
        own = ufw(found)
        commands = "".join(f"{' '.join(argv)}\n" for argv in own.commands)
        texts = {
            "nft": nftables(found),
            "v4": iptables(found, "ipv4"),
            "v6": iptables(found, "ipv6"),
            "ufw": f"{own.applications}\n{own.before}\n{own.before6}\n{commands}",
            "minimum.nft": nftables(minimum(found)),
        }
        for ending, text in texts.items():
            assert text == (GOLDEN / f"{name}.{ending}").read_text("utf-8"), ending

    def test_they_do_not_change_from_one_time_to_the_next(self) -> None:
        assert nftables(SITE) == nftables(SITE)
        assert ufw(STORE) == ufw(STORE)

    def test_what_the_profile_says_stays_a_comment(self) -> None:
        nasty = 'x"; flush ruleset; # $(id) \\ \n drop'
        allowed = {"port": 9, "from": ["admin"], "why": nasty}
        profile: dict[str, Any] = {
            "firewall": {"allow": [allowed]},
            "networks": {"admins": ["10.0.0.1/32"]},
        }
        found = policy(single(profile=profile), NODE)
        for text in (nftables(found), iptables(found, "ipv4")):
            assert "flush ruleset; # (id) / drop" in text
            for line in text.splitlines():
                assert line.count('"') in (0, 2, 4)

    def test_no_name_is_in_the_minimum_where_an_address_should_be(self) -> None:
        for line in nftables(minimum(STORE)).splitlines():
            word = line.strip().rstrip(",")
            if word and word[0].isdigit():
                network(word)
