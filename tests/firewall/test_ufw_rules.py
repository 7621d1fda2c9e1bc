"""What ufw keeps of a policy, told as ufw tells it, and what others have given ufw."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.firewall.test_render import SITE, STORE
from zmward.firewall.allowed_rules import strange_rules
from zmward.firewall.minimum import minimum
from zmward.firewall.openings import EVERYBODY, FAMILIES, Policy
from zmward.firewall.own_rules import PARTS, Listing, essence, loadable, marked
from zmward.firewall.render_iptables import ipset, iptables
from zmward.firewall.ufw_added import added, closing
from zmward.firewall.ufw_rules import entries, texts
from zmward.firewall.zones import sources
from zmward.ruleset import LoadRuleset, Rules

GOLDEN = Path(__file__).parent / "golden"
MANY = (
    "ufw delete allow proto udp from 10.1.0.0/16 port 68 to 192.0.2.10 port 5000:5010"
)
RUN = "20261129T072831Z-ee24"
KEPT = """\
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=74686520
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### limit_log tcp 22 0.0.0.0/0 any 192.0.2.66 in_eth0
-A ufw-user-input -i eth0 -p tcp --dport 22 -s 192.0.2.66 -j ufw-user-limit-accept

### tuple ### allow any any 0.0.0.0/0 any 203.0.113.0/24 in
-A ufw-user-input -s 203.0.113.0/24 -j ACCEPT

### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 Nginx%20Full - in
-A ufw-user-input -p tcp -m multiport --dports 80,443 -j ACCEPT

### tuple ### deny any 25 0.0.0.0/0 any 198.51.100.9 in
-A ufw-user-input -p tcp --dport 25 -s 198.51.100.9 -j DROP

### tuple ### allow any 53 0.0.0.0/0 any 0.0.0.0/0 out
-A ufw-user-output -p udp --dport 53 -j ACCEPT

### tuple ### route:allow tcp 8080 10.0.0.2 any 0.0.0.0/0 in
-A ufw-user-forward -p tcp -d 10.0.0.2 --dport 8080 -j ACCEPT

### tuple ### allow udp 5000:5010 192.0.2.10 68 10.1.0.0/16 in
-A ufw-user-input -p udp -m multiport --dports 5000:5010 -j ACCEPT

### tuple ### allow tcp 25 0.0.0.0/0 any 0.0.0.0/0 zmward-everybody4 - in comment=7a
-A ufw-user-input -p tcp --dport 25 -j ACCEPT

### tuple ### nonsense
"""


def rules(found: Policy) -> Rules:
    least = (
        text
        for one in (found, minimum(found))
        for text in (ipset(one), *(iptables(one, family) for family in FAMILIES))
    )
    return Rules("ufw", texts(found), tuple(least))


@pytest.mark.parametrize("name", ["single", "store"])
def test_they_are_the_goldens(name: str) -> None:
    found = SITE if name == "single" else STORE
    told = "".join(
        f"%% {part}\n{text}"
        for part, text in zip(PARTS["ufw"], texts(found), strict=True)
    )
    assert told == (GOLDEN / f"{name}.kept.ufw").read_text("utf-8")


def test_each_rule_carries_the_name_of_a_profile_that_is_there() -> None:
    profiles = texts(SITE)[0]
    # SSH carries one too, by which it is known again.
    assert "ports=22/tcp" in profiles
    for family in FAMILIES:
        for line in entries(SITE, family).splitlines():
            name = re.search(r"zmward-[a-z0-9-]+[46]\b", line)
            assert name, line
            assert f"[{name[0]}]" in profiles
            assert name[0].endswith(family[-1])


def test_no_rule_has_more_than_fifteen_ports() -> None:
    many = replace(
        SITE,
        openings=tuple(
            replace(one, ports=tuple((n, n) for n in range(1000, 1100, 3)))
            for one in SITE.openings
            if one.ports and one.zone == "internet"
        ),
    )
    found = entries(many, "ipv4")
    lists = re.findall(r"--dports (\S+)", found)
    assert sum(len(text.split(",")) for text in lists) == len(range(1000, 1100, 3))
    assert max(len(text.split(",")) for text in lists) == 15


def test_they_are_ours_and_nothing_else_is() -> None:
    good = rules(SITE)
    assert strange_rules(good) == ""
    assert strange_rules(marked(good, RUN)) == ""
    for place, line in (
        (0, "[ssh]"),
        (0, "ports=1,2 /tcp"),
        (1, "-A ufw-before-input -j ACCEPT"),
        (1, "-A ufw-before-input -m comment --comment x -j ACCEPT"),
        (1, '-A ufw-before-output -m comment --comment "zmward: x" -j ACCEPT'),
        (1, '-A ufw-before-input -m comment --comment "zmward: x" -j pigs'),
        (2, "-F ufw6-before-input"),
        (2, "*nat"),
        (3, "-A ufw-user-input -j ACCEPT"),
        (3, "### tuple ### allow any any 0.0.0.0/0 any 0.0.0.0/0 in"),
        (4, "-A ufw-user-input -j ACCEPT -m comment --comment 'dapp_zmward-x4'"),
    ):
        changed = list(good.texts)
        changed[place] += f"{line}\n"
        said = strange_rules(replace(good, texts=tuple(changed)))
        assert "has no place in it" in said, line
    assert "other texts" in strange_rules(replace(good, texts=good.texts[:4]))
    bad = (*good.minimum[:-1], "*filter\n")
    assert "has no place in it" in strange_rules(replace(good, minimum=bad))


def test_a_mark_says_whose_run_they_are_and_is_no_part_of_what_they_come_to() -> None:
    good = rules(SITE)
    text = marked(good, RUN).texts[1]
    assert text.splitlines()[1].endswith(f'--comment "zmward: run {RUN}"')
    bare = marked(replace(good, texts=loadable(_listing(good)).texts), RUN)
    assert bare.texts[1].splitlines()[0].endswith(f'--comment "zmward: run {RUN}"')
    assert essence(_listing(bare)) == essence(_listing(good))
    assert essence(_listing(rules(STORE))) != essence(_listing(good))


def _listing(found: Rules) -> Listing:
    """Return the rules as a kernel that changes no word of them lists them."""
    lines = (
        "".join(f"{line}\n" for line in text.splitlines() if line.startswith("-A "))
        for text in found.texts[1:]
    )
    return Listing("ufw", ("", *lines))


def test_an_open_policy_is_something_else() -> None:
    good = _listing(rules(SITE))
    opened = (good.texts[0], f":INPUT open\n{good.texts[1]}", *good.texts[2:])
    assert essence(Listing("ufw", opened)) != essence(good)
    assert loadable(Listing("ufw", opened)) == loadable(good)


def test_the_plan_shows_what_loads_them() -> None:
    load = LoadRuleset("mail", None, rules(SITE))
    assert load.commands() == (
        ("iptables-restore", "--noflush"),
        ("ip6tables-restore", "--noflush"),
    )
    assert load.inverse().commands() == (("ufw", "reload"),)


class TestAdded:
    def test_rules_of_others_are_told_as_commands_that_end_them(self) -> None:
        assert [one.deletion for one in added(KEPT)] == [
            "ufw delete allow proto tcp from any to any port 22",
            "ufw delete limit in on eth0 log proto tcp from 192.0.2.66 to any port 22",
            "ufw delete allow from 203.0.113.0/24 to any",
            "ufw delete allow from any to any app 'Nginx Full'",
            "ufw delete deny from 198.51.100.9 to any port 25",
            "ufw delete allow from any to any port 53",
            "ufw delete route:allow proto tcp from any to 10.0.0.2 port 8080",
            MANY,
        ]

    def test_only_what_lets_these_packets_in_is_named(self) -> None:
        from_there = "ufw delete allow from 203.0.113.0/24 to any"
        assert closing(KEPT, "tcp 25", EVERYBODY) == (from_there,)
        assert closing(KEPT, "vrrp", EVERYBODY) == (from_there,)
        assert closing(KEPT, "tcp 25", sources(("10.0.0.0/8",))) == ()
        assert closing(KEPT, "tcp 400-500", sources(("10.0.0.0/8",))) == (
            "ufw delete allow from any to any app 'Nginx Full'",
        )
        assert closing(KEPT, "udp 5010", sources(("10.1.2.3/32",))) == (MANY,)
