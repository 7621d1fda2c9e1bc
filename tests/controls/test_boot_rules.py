"""Rules that a boot will load are judged as the loaded ones are."""

import pytest

from tests.examples import facts_of
from zmward.control import Example, Status
from zmward.controls.registry import controls
from zmward.finding import judge

UNIT = "Id={}.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\n"
SAVED = "> /etc/iptables/rules.v4\n *filter\n :INPUT {} [0:0]\n{} COMMIT\n"
NFT = (
    "> /etc/nftables.conf\n flush ruleset\n table inet f {{\n chain i {{\n"
    " type filter hook input priority 0; policy drop;\n {}\n }}\n }}\n"
)
CASES = [
    ("netfilter-persistent", SAVED.format("DROP", ""), "PASS"),
    (
        "netfilter-persistent",
        SAVED.format(
            "ACCEPT", " -A INPUT -j REJECT --reject-with icmp-port-unreachable\n"
        ),
        "PASS",
    ),
    (
        "netfilter-persistent",
        SAVED.format("ACCEPT", " -A INPUT -s 203.0.113.9/32 -j DROP\n"),
        "FAIL",
    ),
    ("netfilter-persistent", SAVED.format("DROP", " -A INPUT -j ACCEPT\n"), "FAIL"),
    (
        "netfilter-persistent",
        SAVED.format("DROP", " -A INPUT -m set --match-set a src -j ACCEPT\n"),
        "UNKNOWN",
    ),
    ("netfilter-persistent", SAVED.format("DROP", " nonsense\n"), "UNKNOWN"),
    ("nftables", NFT.format("tcp dport 22 accept"), "PASS"),
    ("nftables", NFT.format("ip saddr 10.0.0.0/8 accept"), "FAIL"),
    ("nftables", NFT.format('include "/etc/more.nft"'), "UNKNOWN"),
]


@pytest.mark.parametrize(("unit", "files", "status"), CASES)
def test_saved_rules_are_judged_by_what_they_let_in(
    unit: str, files: str, status: str
) -> None:
    given = {
        "addresses": ("192.0.2.10", "::1"),
        "raw": {"units": UNIT.format(unit), "firewall-files": files},
    }
    facts = facts_of(Example(Status(status), given))
    finding = judge(controls()["firewall-starts-at-boot"], facts)
    assert finding.status == status, (finding.reason, finding.deviations)
