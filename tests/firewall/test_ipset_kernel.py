"""Sets of ipset are read as the kernel reads them: with members, and with packets."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zmward.firewall import ipset
from zmward.firewall.ipset_matches import match_set
from zmward.firewall.openings import FAMILIES
from zmward.firewall.packet import Packet, probe
from zmward.firewall.ranges import Family, network
from zmward.firewall.rules import PROTOCOLS, Probe, Uncertain

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
ADDRESSES: dict[Family, tuple[str, ...]] = {
    "ipv4": (
        *("10.0.0.1", "10.0.1.5", "10.1.2.3", "10.1.2.200", "192.0.2.10", "192.0.2.77"),
        *("198.51.100.7", "203.0.113.9"),
    ),
    "ipv6": ("2001:db8::10", "2001:db8::66", "2001:db8:1::5", "2001:db9::1", "fd00::7"),
}
PORTS = (22, 25, 80, 389, 7071, 11211)
SETS = """\
create hip hash:ip
create hmask hash:ip netmask 24
create hip6 hash:ip family inet6
create hnet hash:net
create hnet6 hash:net family inet6
create hipport hash:ip,port
create hipport6 hash:ip,port family inet6
create hnetport hash:net,port
create hipportip hash:ip,port,ip
create hipportnet hash:ip,port,net
create hnetiface hash:net,iface
create bip bitmap:ip range 10.0.0.0/16
create bmask bitmap:ip range 10.0.0.0/8 netmask 16
create bport bitmap:port range 0-65535
create bmac bitmap:ip,mac range 10.0.0.0/16
create hnn hash:net,net
create hnpn hash:net,port,net
create empty hash:net
create both list:set
create mixed list:set
create ports6 list:set
add both hip
add both hip6
add both hnet
add mixed hipport
add mixed bport
add mixed hmask
add ports6 hipport6
add ports6 hnet6
add hip 10.0.0.1 timeout 0
add hmask 10.1.2.9
add hip6 2001:db8::66
add hnet 10.0.0.0/8
add hnet 10.1.0.0/16 nomatch
add hnet 10.1.2.0/25
add hnet 198.51.100.7
add hnet6 2001:db8::/32
add hnet6 2001:db8:1::/48 nomatch
add hipport 10.0.0.1,tcp:22
add hipport 10.0.0.1,udp:389
add hipport 10.1.2.3,icmp:echo-request
add hipport 10.1.2.3,icmp:3/1
add hipport 192.0.2.77,tcp:7071
add hipport 198.51.100.7,gre:0
add hipport6 2001:db8::66,tcp:25
add hipport6 2001:db8::66,icmpv6:echo-request
add hnetport 10.0.0.0/8,tcp:22
add hnetport 10.1.0.0/16,tcp:22 nomatch
add hnetport 10.1.0.0/16,udp:22
add hnetport 192.0.2.0/24,tcp:80
add hipportip 10.0.0.1,tcp:22,192.0.2.10
add hipportip 10.0.1.5,udp:25,10.0.0.1
add hipportnet 10.0.0.1,tcp:22,192.0.2.0/24
add hipportnet 10.0.0.1,tcp:22,192.0.2.64/26 nomatch
add hnetiface 10.0.0.0/16,lo
add hnetiface 10.1.0.0/16,eth0
add hnetiface 198.51.100.0/24,l wildcard
add bip 10.0.0.0-10.0.0.200
add bmask 10.1.0.0
add bport 22-25
add bport 7071
add bmac 10.0.0.1,00:11:22:33:44:55
add hnn 10.0.0.0/8,192.0.2.0/24
add hnpn 10.0.0.0/8,tcp:22,192.0.2.0/24
"""
# Kinds that not every kernel was built with.
OPTIONAL = {"hnn", "hnpn"}
DIRECTIONS = (
    "src",
    "dst",
    "src,dst",
    "dst,src",
    "src,src",
    "src,dst,dst",
    "dst,dst,src",
)


def needs() -> None:
    for tool in ("ipset", "iptables-legacy", "ip6tables-legacy", "ip"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def asked(
    sets: list[str],
    matches: dict[Family, list[str]],
    packets: list[dict[str, Any]],
) -> Any:
    """Ask the kernel, in a namespace of its own."""
    given = {
        "addresses": [(f, a) for f, found in ADDRESSES.items() for a in found],
        "sets": sets,
        "matches": matches,
        "packets": packets,
    }
    program = Path(__file__).parent / "ipset_probe.py"
    done = subprocess.run(
        ["unshare", "-n", sys.executable, str(program)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def packets(dice: random.Random, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        family: Family = dice.choice(("ipv4", "ipv4", "ipv6"))
        source, destination = dice.sample(ADDRESSES[family], 2)
        one: dict[str, Any] = {
            "family": family,
            "source": source,
            "destination": destination,
            "protocol": dice.choice(("tcp", "tcp", "udp", "icmp", "gre")),
            "source_port": dice.choice((22, 25, 30_000 + number)),
            "destination_port": dice.choice(PORTS),
        }
        if one["protocol"] == "icmp":
            types = [(8, 0), (3, 1)] if family == "ipv4" else [(128, 0), (1, 0)]
            one["icmp"] = dice.choice(types)
        elif one["protocol"] == "gre":
            one["number"] = PROTOCOLS["gre"]
        yield one


def kind(one: dict[str, Any]) -> Probe:
    """Return a packet as the engine sees it, which came in by the loopback."""
    family: Family = one["family"]
    name = one["protocol"]
    if name == "icmp" and family == "ipv6":
        name = "icmpv6"
    return probe(
        Packet(
            family,
            network(one["source"])[1][0],
            network(one["destination"])[1][0],
            PROTOCOLS[name],
            one["source_port"],
            one["destination_port"],
            icmp=one.get("icmp", (0, 0)),
            entry="lo",
        )
    )


def every_match(lines: list[str], family: Family) -> Iterator[str]:
    """Yield what rules of a family can ask; the tool takes no set of the other."""
    for line in lines:
        name, method = line.split()[1:3]
        other = ("family inet6" in line) != (family == "ipv6")
        if not line.startswith("create ") or name in OPTIONAL:
            continue
        if other and method not in ("bitmap:port", "list:set"):
            continue
        for directions in DIRECTIONS:
            yield f"--match-set {name} {directions}"
            yield f"! --match-set {name} {directions}"


def test_rules_with_sets_match_what_the_kernel_matches() -> None:
    needs()
    lines = SETS.replace(" timeout 0", "").splitlines()
    matches = {family: list(every_match(lines, family)) for family in FAMILIES}
    dice = random.Random(4711)  # noqa: S311  # replayed by its seed
    sent = list(packets(dice, 120))
    made, saved, rules, found = asked(lines, matches, sent)
    refused = [line for line, code in zip(lines, made, strict=True) if code]
    assert {line.split()[1] for line in refused} <= OPTIONAL, refused
    sets = ipset.Sets(ipset.parse(saved))
    held, unknown, apart = 0, set(), []
    for packet, counted in zip(sent, found, strict=True):
        family: Family = packet["family"]
        for number, text in enumerate(matches[family]):
            words = text.removeprefix("! ").split()
            inverted = text.startswith("!")
            match = match_set(words[1:], sets, family, text, inverted=inverted)
            take = match.take(kind(packet))
            source = network(packet["source"])[1][0]
            sure = take.sure is None or source in take.sure
            may = take.possible is None or source in take.possible
            if sure != may:
                unknown.add(words[1])
            elif sure != (number in counted):
                apart.append((packet, text, sure))
            held += sure
    assert not apart, (len(apart), apart[:3])
    # Hardware addresses are not known; nothing else may be in doubt.
    assert unknown <= {"bmac"}
    assert held > 1000
    assert "--match-set hipportip src,dst,dst" in rules["ipv4"]


@pytest.mark.parametrize("seed", range(3))
def test_networks_within_networks_are_held_as_the_kernel_holds_them(seed: int) -> None:
    needs()
    dice = random.Random(seed)  # noqa: S311  # replayed by its seed
    lines = ["create x hash:net", "create p hash:net,port"]
    for _ in range(60):
        length = dice.choice((8, 12, 16, 20, 24, 28, 32))
        address = (
            f"10.{dice.choice((0, 1))}.{dice.choice((0, 128))}.{dice.choice((1, 200))}"
        )
        odd = dice.choice(("", "", " nomatch"))
        lines.append(f"add x {address}/{length}{odd}")
        lines.append(f"add p {address}/{length},tcp:{dice.choice((22, 25))}{odd}")
    where = [f"10.{a}.{b}.{c}" for a in (0, 1, 2) for b in (0, 64, 128) for c in (1, 2)]
    questions = [f"x {one}" for one in where]
    questions += [f"p {one},tcp:{port}" for one in where for port in (22, 25, 80)]
    script = "\n".join(
        (
            *(f"ipset {line} 2>/dev/null || :" for line in lines),
            "ipset save; echo =====",
            *(f"ipset -q test {one} && echo in || echo out" for one in questions),
        )
    )
    done = subprocess.run(
        ["unshare", "-n", "sh"],
        input=script,
        capture_output=True,
        text=True,
        check=True,
    )
    saved, _, answers = done.stdout.partition("=====\n")
    sets = ipset.Sets(ipset.parse(saved))
    told = answers.split()
    assert len(told) == len(questions)
    for question, answer in zip(questions, told, strict=True):
        name, entry = question.split()
        address, _, port = entry.partition(",tcp:")
        match = match_set((name, "src,dst"), sets, "ipv4", name, inverted=False)
        assert not isinstance(match, Uncertain)
        number = network(address)[1][0]
        packet = Packet("ipv4", number, 0, 6, destination_port=int(port or 1))
        take = match.take(probe(packet))
        assert take.sure is not None
        assert (number in take.sure) == (answer == "in"), question
    assert {"in", "out"} == set(told)
