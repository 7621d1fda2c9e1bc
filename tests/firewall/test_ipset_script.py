"""What sets hold once a text for `ipset restore` has been carried out."""

import os
import subprocess

import pytest
from msgspec.structs import replace

from tests.firewall.site import NODE
from tests.firewall.test_own_rules_judged import SITE
from zmward.controls.registry import controls
from zmward.evidence import Answer
from zmward.facts import Facts
from zmward.finding import Finding, judge
from zmward.firewall import ipset as saved_sets
from zmward.firewall.ipset_script import restored
from zmward.firewall.openings import FAMILIES, Opening, Policy, Sources
from zmward.firewall.policy import policy
from zmward.firewall.render_iptables import ipset, iptables
from zmward.firewall.zones import sources
from zmward.sources.source import Unreadable

NETWORKS = tuple(f"10.0.{n}.0/25" for n in range(100))
ZONED = Policy(
    "host.example",
    (
        Opening(
            *("imap", "tcp", ((143, 143),), "clients", sources(NETWORKS), "why", "test")
        ),
    ),
)


def test_a_zone_that_is_exchanged_holds_the_new_networks() -> None:
    found = restored(ipset(ZONED, Sources()))
    assert set(found) == {"zmward-clients4", "zmward-bans4", "zmward-bans6"}
    zone = found["zmward-clients4"]
    assert zone.name == "zmward-clients4"
    assert [m.parts for m in zone.members] == [(net,) for net in NETWORKS]
    assert not zone.doubt
    assert found["zmward-bans4"].members == ()


def test_an_empty_text_makes_no_set() -> None:
    assert restored("\n") == {}


@pytest.mark.parametrize(
    "text",
    [
        "create a hash:net family inet\ncreate a hash:net family inet\n",
        "add a 192.0.2.1\n",
        "swap a b\n",
        "flush a\n",
        "destroy a\n",
        "create a hash:net\nswap a\n",
        "create a hash:net\nswap a b c\n",
        "save\n",
        "rename a b\n",
        "create\n",
    ],
)
def test_what_ipset_would_not_take_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="line "):
        restored(text)


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_kernel_holds_the_same() -> None:
    text = ipset(ZONED, sources(["198.51.100.0/24", "2001:db8:bad::/48"]))
    done = subprocess.run(
        ["unshare", "-n", "sh", "-ec", "ipset restore; ipset save"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    kernel, own = saved_sets.parse(done.stdout), restored(text)
    assert set(kernel) == set(own)
    for name, one in own.items():
        told = {m.parts[0].removesuffix("/32") for m in one.members}
        assert told == {m.parts[0] for m in kernel[name].members}


def boot(sets: str, more: str = "") -> Finding:
    """Judge what a boot loads from the files that a confirmed run has kept."""
    networks = replace(SITE.profile.networks, clients=(*NETWORKS, "2001:db8:c::/48"))
    profile = replace(SITE.profile, networks=networks)
    made = policy(Facts(SITE.evidence, profile, SITE.now), NODE)
    parts = {"ipset": ipset(made, Sources()) if sets == "own" else sets}
    for digit, family in zip("46", FAMILIES, strict=True):
        text = iptables(made, family, bans=True)
        if family == "ipv4":
            text = text.replace(_LEFT, more + _LEFT)
        parts[f"v{digit}"] = text
    folder = "/var/lib/zmward/firewall/current"
    files = "".join(
        f"> {folder}/{name}\n" + "".join(f" {line}\n" for line in text.splitlines())
        for name, text in parts.items()
    )
    units = (
        "Id=zmward-firewall.service\nLoadState=loaded\nActiveState=active\n"
        "UnitFileState=enabled\n\n"
    )
    kernel = Answer("running 5.15.0-91-generic\ndisable_ipv6 0\n")
    own = {
        **SITE.evidence.answers[NODE],
        "units": Answer(units),
        "firewall-files": Answer(files),
        "kernel": kernel,
    }
    evidence = replace(SITE.evidence, answers={**SITE.evidence.answers, NODE: own})
    control = controls()["firewall-starts-at-boot"]
    return judge(control, Facts(evidence, profile, SITE.now))


def test_a_boot_that_loads_a_large_zone_is_judged() -> None:
    found = boot("own")
    assert found.status == "PASS", (found.reason, found.deviations)


_LEFT = '-A ZMWARD -m comment --comment "all that is left" -j DROP\n'
_ALL = "-A ZMWARD -m set --match-set zmward-clients4 src -j ACCEPT\n"


def test_what_a_saved_set_lets_in_is_what_it_holds_in_the_end() -> None:
    """The rules are the same: whether they let in too much stands in the set."""
    wide = ipset(ZONED).replace("10.0.1.0/25", "0.0.0.0/1")
    emptied = f"{wide}flush zmward-clients4\n"
    assert boot(wide, _ALL).status == "FAIL"
    assert boot(emptied, _ALL).status == "PASS"


def test_saved_sets_that_nobody_can_read_are_unknown() -> None:
    assert boot("nonsense\n").status == "UNKNOWN"
