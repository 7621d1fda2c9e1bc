"""A rule set that is not what the policy says: every excess, every lack, by address."""

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from tests.firewall.policies import boundaries, policies, wanted
from tests.firewall.test_render import SITE, STORE
from zmward.firewall import iptables as iptables_reader
from zmward.firewall import nft_text
from zmward.firewall.compare import Difference, compare
from zmward.firewall.openings import EVERYBODY, FAMILIES, Opening, Policy
from zmward.firewall.ranges import everything, networks, written
from zmward.firewall.render_nftables import nftables
from zmward.firewall.rules import PROTOCOLS, Ruleset

WEB = Opening("web", "tcp", ((8088, 8090),), "internet", EVERYBODY, "x", "test")


def rules(policy: Policy) -> Ruleset:
    return nft_text.parse(nftables(policy))


def told(found: tuple[Difference, ...]) -> set[tuple[str, str, str]]:
    return {(one.kind, one.family, one.what) for one in found}


@pytest.mark.parametrize("policy", [SITE, STORE], ids=["single", "store"])
class TestOurOwnRules:
    def test_they_are_what_the_policy_says(self, policy: Policy) -> None:
        assert compare(policy, rules(policy), "eth0") == ()

    def test_an_extra_opening_is_an_excess(self, policy: Policy) -> None:
        more = replace(policy, openings=(*policy.openings, WEB))
        found = compare(policy, rules(more), "eth0")
        assert told(found) == {
            ("excess", "ipv4", "tcp 8088-8090"),
            ("excess", "ipv6", "tcp 8088-8090"),
        }

    def test_an_opening_that_is_gone_is_missing(self, policy: Policy) -> None:
        more = replace(policy, openings=(*policy.openings, WEB))
        found = compare(more, rules(policy), "eth0")
        assert told(found) == {
            ("missing", "ipv4", "tcp 8088-8090"),
            ("missing", "ipv6", "tcp 8088-8090"),
        }
        assert {one.names for one in found} == {("web",)}

    def test_only_the_addresses_that_differ_are_told(self, policy: Policy) -> None:
        ssh = next(o for o in policy.openings if o.name == "ssh" and o.zone == "admin")
        wider = networks(("10.1.0.0/23",), "ipv4")
        own = replace(ssh, sources=replace(ssh.sources, ipv4=wider))
        others = tuple(o for o in policy.openings if o is not ssh)
        more = replace(policy, openings=(own, *others))
        (found,) = compare(policy, rules(more), "eth0")
        assert (found.kind, found.what) == ("excess", "tcp 22")
        assert written(found.sources, "ipv4") == ("10.1.1.0/24",)


class TestOtherRules:
    def test_a_host_without_rules_lets_everything_in(self) -> None:
        found = compare(SITE, Ruleset({}), "eth0")
        assert {one.kind for one in found} == {"excess"}
        open_ = next(one for one in found if one.what == "tcp 444-464")
        assert open_.sources == everything("ipv4")

    def test_what_nobody_understands_is_unknown_and_named(self) -> None:
        text = (
            "*filter\n:INPUT DROP [0:0]\n"
            "-A INPUT -p tcp --dport 25 -m strange --charm -j ACCEPT\nCOMMIT\n"
        )
        found = compare(SITE, iptables_reader.parse(text, "ipv4"), "eth0")
        mail = next(one for one in found if one.what == "tcp 25")
        assert mail.kind == "unknown"
        assert "strange" in mail.said[0]

    @pytest.mark.parametrize("port", [8080, 9])
    def test_a_port_that_is_sent_on_is_judged_where_it_arrives(self, port: int) -> None:
        text = (
            "*nat\n:PREROUTING ACCEPT [0:0]\n"
            f"-A PREROUTING -p tcp --dport 7780 -j REDIRECT --to-ports {port}\n"
            "COMMIT\n*filter\n:INPUT DROP [0:0]\n"
            "-A INPUT -p tcp --dport 8080 -j ACCEPT\nCOMMIT\n"
        )
        bare = Policy("x", ())
        found = told(compare(bare, iptables_reader.parse(text, "ipv4"), "eth0"))
        assert ("excess", "ipv4", "tcp 8080") in found
        assert (("excess", "ipv4", "tcp 7780") in found) is (port == 8080)

    def test_a_rule_set_that_breaks_networks_is_told(self) -> None:
        text = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
        found = told(compare(SITE, iptables_reader.parse(text, "ipv4"), "eth0"))
        assert ("missing", "ipv4", "icmp type 3") in found
        assert ("missing", "ipv4", "tcp answers") in found
        assert ("missing", "ipv4", "vrrp") in found
        assert ("missing", "ipv4", "udp 68") in found

    @pytest.mark.parametrize("state", ["RELATED,ESTABLISHED", "ESTABLISHED"])
    def test_errors_may_come_as_what_belongs_to_connections(self, state: str) -> None:
        text = (
            "*filter\n:INPUT DROP [0:0]\n"
            f"-A INPUT -m conntrack --ctstate {state} -j ACCEPT\nCOMMIT\n"
        )
        found = told(compare(SITE, iptables_reader.parse(text, "ipv4"), "eth0"))
        lacking = ("missing", "ipv4", "icmp type 3") in found
        assert lacking is ("RELATED" not in state)
        assert ("missing", "ipv4", "tcp answers") not in found

    def test_a_port_of_the_cluster_open_to_the_lan_is_named(self) -> None:
        text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n"
        bare = Policy("x", ())
        found = compare(bare, iptables_reader.parse(text, "ipv4"), "eth0")
        assert ("excess", "ipv4", "tcp 0-65535") in told(found)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(one=policies(), two=policies())
def test_two_policies_differ_where_they_say_they_do(one: Policy, two: Policy) -> None:
    found = compare(one, rules(two), "eth0")
    for family in FAMILIES:
        for protocol in ("tcp", "udp"):
            number = PROTOCOLS[protocol]
            for port in (*boundaries(one), *boundaries(two)):
                extra = _any(two, family, number, port) - _any(
                    one, family, number, port
                )
                shown = [
                    d
                    for d in found
                    if (d.kind, d.family) == ("excess", family)
                    and _holds(d.what, protocol, port)
                ]
                assert bool(extra) == bool(shown)
                if extra:
                    assert shown[0].sources == extra
                lacking = wanted(one, family, number, port, 49152)
                lacking -= wanted(two, family, number, port, 49152)
                lost = [
                    d
                    for d in found
                    if (d.kind, d.family) == ("missing", family)
                    and _holds(d.what, protocol, port)
                ]
                assert not lacking or (lost and lacking <= lost[0].sources)


def _any(policy: Policy, family, protocol: int, port: int):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    free = replace(
        policy, openings=tuple(replace(o, source_port=0) for o in policy.openings)
    )
    return wanted(free, family, protocol, port, 49152)


def _holds(what: str, protocol: str, port: int) -> bool:
    name, _, ports = what.partition(" ")
    if name != protocol or not ports[:1].isdigit():
        return False
    first, _, last = ports.partition("-")
    return int(first) <= port <= int(last or first)
