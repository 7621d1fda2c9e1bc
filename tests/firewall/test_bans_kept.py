"""Who is banned at the moment of a load or a rollback is banned after it."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.firewall.test_packet_filter import OTHER, RUN, Inside
from tests.firewall.test_render import SITE, STORE
from zmward.doors.packet_filter import (
    load_rules,
    read_rules,
    restore_rules,
    run_rules,
    standing_rules,
)
from zmward.engine.boot_rules import folder as boot_folder
from zmward.engine.boot_rules import kept_texts
from zmward.engine.state import known
from zmward.errors import Fault
from zmward.firewall.allowed_rules import strange_rules
from zmward.firewall.openings import FAMILIES, Opening, Policy, Sources
from zmward.firewall.own_rules import PARTS, frames
from zmward.firewall.render_iptables import ipset, iptables
from zmward.firewall.render_nftables import nftables
from zmward.firewall.zones import sources
from zmward.ruleset import Rules

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
KINDS = ("nftables", "iptables", "plain")
EACH = pytest.mark.parametrize("kind", KINDS)
ADDRESS, HOST6, NETWORK, FOR_A_WHILE = (
    *("203.0.113.9", "2001:db8:bad::9", "198.51.100.0/24", "203.0.113.77"),
)


@pytest.fixture
def door() -> Iterator[Inside]:
    name = f"bn-bans-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield Inside(name)
    subprocess.run(["ip", "netns", "delete", name], check=True)


def rules(kind: str, policy: Policy) -> Rules:
    """Return rules of a kind; `plain` is iptables on a host without ipset."""
    if kind == "nftables":
        return Rules("nftables", (nftables(policy),))
    bans = None if kind == "plain" else Sources()
    families = (iptables(policy, f, bans=bans is not None) for f in FAMILIES)
    found = Rules("iptables", (ipset(policy, bans), *families))
    assert strange_rules(found) == ""
    return found


def run(door: Inside, *argv: str, given: str = "") -> str:
    done = door.run(argv, given=given.encode())
    assert done.code == 0, (argv, done.said)
    return done.out.decode()


def ban(door: Inside, kind: str, word: str, seconds: int = 0) -> None:
    six = ":" in word
    digit = 6 if six else 4
    if kind == "nftables":
        single = "timed-bans" if seconds else "bans"
        name = f"{'banned-networks' if '/' in word else single}{digit}"
        ends = f" timeout {seconds}s" if seconds else ""
        run(door, "nft", f"add element inet zmward {name} {{ {word}{ends} }}")
    elif kind == "iptables":
        words = ("ipset", "add", f"zmward-bans{digit}", word)
        run(door, *words, "timeout", str(seconds))
    else:
        program = "ip6tables" if six else "iptables"
        where = ("-t", "security", "-A", "ZMWARD-BANS")
        run(door, program, *where, "-s", word, "-j", "DROP")


def banned(door: Inside) -> dict[str, int]:
    """Return who is banned, by whichever program, and for how many seconds."""
    text = run(door, "sh", "-c", "nft -a list ruleset; ipset save; true")
    found = {}
    for word in (ADDRESS, HOST6, NETWORK, FOR_A_WHILE):
        for line in text.splitlines():
            if f" {word} " in f" {line} ".replace(",", " ").replace("{", " "):
                found[word] = 0
    for program in ("iptables", "ip6tables"):
        told = door.run((program, "-t", "security", "-S", "ZMWARD-BANS")).out.decode()
        for word in (ADDRESS, HOST6, NETWORK, FOR_A_WHILE):
            if f"-s {word}" in told:
                found[word] = 0
    return found


WORDS = (ADDRESS, HOST6, NETWORK)
OTHER_TIMED = "203.0.113.78"


@EACH
def test_a_load_keeps_every_ban(door: Inside, kind: str) -> None:
    load_rules(door, rules(kind, SITE), RUN, "/")
    for word in WORDS:
        ban(door, kind, word)
    load_rules(door, rules(kind, STORE), OTHER, "/")
    assert banned(door) == dict.fromkeys(WORDS, 0)
    # What is loaded is still known for what it is.
    wanted = rules(kind, STORE)
    assert standing_rules(door, wanted) == wanted


@EACH
def test_a_rollback_keeps_bans_that_were_made_meanwhile(
    door: Inside, kind: str
) -> None:
    load_rules(door, rules(kind, SITE), RUN, "/")
    ban(door, kind, ADDRESS)
    before = read_rules(door)
    assert before is not None
    assert strange_rules(before) == ""
    load_rules(door, rules(kind, STORE), OTHER, "/")
    ban(door, kind, HOST6)
    restore_rules(door, before, rules(kind, STORE))
    assert banned(door) == {ADDRESS: 0, HOST6: 0}
    assert standing_rules(door, before) == before


@EACH
def test_who_is_not_banned_any_more_is_not_banned_by_a_rollback(
    door: Inside, kind: str
) -> None:
    load_rules(door, rules(kind, SITE), RUN, "/")
    ban(door, kind, ADDRESS)
    before = read_rules(door)
    load_rules(door, rules(kind, STORE), OTHER, "/")
    free = {
        "nftables": ("nft", f"delete element inet zmward bans4 {{ {ADDRESS} }}"),
        "iptables": ("ipset", "del", "zmward-bans4", ADDRESS),
        "plain": ("iptables", "-t", "security", "-F", "ZMWARD-BANS"),
    }
    run(door, *free[kind])
    restore_rules(door, before, rules(kind, STORE))
    assert banned(door) == {}


@pytest.mark.parametrize("old", KINDS)
@EACH
def test_bans_move_to_another_program(door: Inside, old: str, kind: str) -> None:
    load_rules(door, rules(old, SITE), RUN, "/")
    for word in WORDS:
        ban(door, old, word)
    load_rules(door, rules(kind, STORE), OTHER, "/")
    assert banned(door) == dict.fromkeys(WORDS, 0)
    before = rules(old, SITE)
    restore_rules(door, before, rules(kind, STORE))
    assert banned(door) == dict.fromkeys(WORDS, 0)


def left(door: Inside, kind: str) -> int:
    if kind == "nftables":
        text = run(door, "nft", "-j", "list", "set", "inet", "zmward", "timed-bans4")
        return int(text.partition('"expires": ')[2].partition("}")[0].split(",")[0])
    text = run(door, "ipset", "save", "zmward-bans4")
    line = next(row for row in text.splitlines() if FOR_A_WHILE in row)
    return int(line.split()[line.split().index("timeout") + 1])


@pytest.mark.parametrize("old", KINDS[:2])
@pytest.mark.parametrize("kind", KINDS[:2])
def test_a_ban_for_a_while_goes_on_for_what_is_left(
    door: Inside, old: str, kind: str
) -> None:
    load_rules(door, rules(old, SITE), RUN, "/")
    ban(door, old, FOR_A_WHILE, 5000)
    ban(door, old, ADDRESS)
    load_rules(door, rules(kind, STORE), OTHER, "/")
    assert 4900 < left(door, kind) <= 5001
    assert banned(door) == {ADDRESS: 0, FOR_A_WHILE: 0}


def many(number: int) -> list[str]:
    return [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(number)]


def ban_many(door: Inside, kind: str, number: int) -> None:
    if kind == "nftables":
        text = ", ".join(many(number))
        given = f"add element inet zmward bans4 {{ {text} }}\n"
        run(door, "nft", "-f", "-", given=given)
    else:
        given = "".join(f"add zmward-bans4 {ip}\n" for ip in many(number))
        run(door, "ipset", "restore", given=given)


def counted(door: Inside, kind: str) -> int:
    if kind == "nftables":
        text = run(door, "nft", "-j", "list", "set", "inet", "zmward", "bans4")
        return len(json.loads(text)["nftables"][1]["set"]["elem"])
    return run(door, "ipset", "save", "zmward-bans4").count("\nadd ")


@pytest.mark.parametrize("kind", KINDS[:2])
def test_rules_with_less_room_get_room_for_all(door: Inside, kind: str) -> None:
    roomy, small = (replace(SITE, bans=number) for number in (8192, 1024))
    old = rules(kind, small)
    load_rules(door, rules(kind, roomy), RUN, "/")
    ban_many(door, kind, 5000)
    restore_rules(door, old, rules(kind, roomy))
    assert counted(door, kind) == 5000
    assert standing_rules(door, old) == old


@pytest.mark.parametrize("kind", KINDS[:2])
def test_more_room_for_bans_is_another_rule_set(door: Inside, kind: str) -> None:
    small = rules(kind, replace(SITE, bans=4096))
    large = rules(kind, replace(SITE, bans=262_144))
    load_rules(door, small, RUN, "/")
    ban(door, kind, ADDRESS)
    assert standing_rules(door, large) != large
    load_rules(door, large, OTHER, "/")
    assert standing_rules(door, large) == large
    assert banned(door) == {ADDRESS: 0}


@EACH
def test_who_loads_nothing_bans_nobody(door: Inside, kind: str) -> None:
    load_rules(door, rules(kind, SITE), RUN, "/")
    assert banned(door) == {}


def test_bans_that_nft_cannot_hold_beside_each_other(door: Inside) -> None:
    """A load is refused and changes nothing; a rollback comes all the same."""
    old, new = rules("iptables", SITE), rules("nftables", STORE)
    load_rules(door, old, RUN, "/")
    ban(door, "iptables", NETWORK)
    ban(door, "iptables", "198.51.100.0/25")
    with pytest.raises(Fault, match=r"conflicting intervals|interval overlaps"):
        load_rules(door, new, OTHER, "/")
    assert banned(door) == {NETWORK: 0}
    restore_rules(door, new, old)
    assert standing_rules(door, new) == new


@EACH
def test_the_loader_for_boots_keeps_bans_too(
    door: Inside, kind: str, tmp_path: Path
) -> None:
    wanted = rules(kind, SITE)
    load_rules(door, wanted, RUN, "/")
    for word in WORDS:
        ban(door, kind, word)
    script = kept_texts(wanted, known(RUN))
    folder = tmp_path / "firewall" / "current"
    folder.mkdir(parents=True)
    for name, text in script.items():
        (folder / name).write_text(text)
    names = ("backend", "run", *PARTS[wanted.backend])
    sums = run(door, "sh", "-c", f"cd {folder} && sha256sum {' '.join(names)}")
    (folder / "digests").write_text(sums)
    text = script["load"].replace(boot_folder(known(RUN).base), str(folder.parent))
    run(door, "sh", "-s", given=text)
    assert banned(door) == dict.fromkeys(WORDS, 0)
    assert standing_rules(door, wanted) == wanted


def networks(number: int) -> tuple[str, ...]:
    return tuple(f"10.{n >> 8}.{n & 255}.0/25" for n in range(number))


def zoned(number: int) -> Rules:
    """Return rules with a zone of so many networks, which is a set."""
    zone = sources(networks(number))
    opening = Opening("imap", "tcp", ((143, 143),), "clients", zone, "a test", "test")
    return rules("iptables", Policy("host.example", (opening,)))


def test_a_zone_that_outgrows_its_set_gets_a_larger_one(door: Inside) -> None:
    """A set cannot be made larger in place: 65,536 networks are all that it takes."""
    few, large = zoned(500), zoned(40_000)
    load_rules(door, few, RUN, "/")
    ban(door, "iptables", ADDRESS)
    before = read_rules(door)
    assert "maxelem 65536 " in run(door, "ipset", "save", "zmward-clients4")
    load_rules(door, large, OTHER, "/")
    saved = run(door, "ipset", "save", "zmward-clients4")
    assert "maxelem 80000 " in saved
    assert saved.count("\nadd ") == 40_000
    assert standing_rules(door, large) == large
    # And back again, with nothing left behind.
    restore_rules(door, before, large)
    assert run(door, "ipset", "save", "zmward-clients4").count("\nadd ") == 500
    assert "-new" not in run(door, "ipset", "list", "-n")
    assert banned(door) == {ADDRESS: 0}


def test_the_script_alone_does_it(door: Inside) -> None:
    """As in a rollback, which knows neither zmward nor Python."""
    load_rules(door, rules("nftables", SITE), RUN, "/")
    ban(door, "nftables", ADDRESS)
    text = frames("nftables", rules("nftables", STORE).texts)
    assert run_rules(door, "put", "nftables", given=text).code == 0
    assert banned(door) == {ADDRESS: 0}
    words = ("put", "nftables", "without-bans")
    assert run_rules(door, *words, given=text).code == 0
    assert banned(door) == {}


def test_the_longest_of_two_bans_is_kept(door: Inside) -> None:
    """An address that is banned for a while, and for ever elsewhere, is banned once."""
    load_rules(door, rules("nftables", SITE), RUN, "/")
    for seconds in (5000, 0):
        ban(door, "nftables", FOR_A_WHILE, seconds)
    ban(door, "nftables", OTHER_TIMED, 5000)
    load_rules(door, rules("nftables", STORE), OTHER, "/")
    listed = {
        name: run(door, "nft", "list", "set", "inet", "zmward", name)
        for name in ("bans4", "timed-bans4")
    }
    assert FOR_A_WHILE in listed["bans4"]
    assert FOR_A_WHILE not in listed["timed-bans4"]
    assert OTHER_TIMED in listed["timed-bans4"]


def test_many_timed_bans_of_ipset_find_room_in_nft(door: Inside) -> None:
    load_rules(door, rules("iptables", SITE), RUN, "/")
    given = "".join(f"add zmward-bans4 {ip} timeout 9000\n" for ip in many(30_000))
    run(door, "ipset", "restore", given=given)
    load_rules(door, rules("nftables", SITE), OTHER, "/")
    text = run(door, "nft", "-j", "list", "set", "inet", "zmward", "timed-bans4")
    assert len(json.loads(text)["nftables"][1]["set"]["elem"]) == 30_000
