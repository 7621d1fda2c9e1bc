"""Our rules in a real kernel: loaded, recognised, exchanged, taken out."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.firewall.test_render import SITE, STORE
from zmward.doors.host import Done, Local
from zmward.doors.packet_filter import (
    load_rules,
    loaded_by,
    program,
    read_rules,
    restore_rules,
    run_rules,
    standing_rules,
    tried,
)
from zmward.errors import Fault, Refused
from zmward.firewall.allowed_rules import strange_rules
from zmward.firewall.minimum import minimum
from zmward.firewall.openings import FAMILIES, Policy
from zmward.firewall.own_rules import frames
from zmward.firewall.render_iptables import ipset, iptables
from zmward.firewall.render_nftables import nftables
from zmward.firewall.zones import sources
from zmward.ruleset import Backend, Rules

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
RUN = "20261129T072831Z-ee24"
OTHER = "20261129T072832Z-0a0b"
BANNED = sources(["198.51.100.3", "2001:db8:bad::/48"])
BOTH = pytest.mark.parametrize("backend", ["nftables", "iptables"])


class Inside:
    """A door into a network namespace; `tools` stand before all others."""

    name = "namespace"
    streams = 1

    def __init__(self, name: str) -> None:
        self.place = name

    def lines(self, script: str) -> Iterator[bytes]:
        raise NotImplementedError(script)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        words = ("ip", "netns", "exec", self.place, *argv)
        return Local().run(words, given=given, user=user, seconds=seconds)


@pytest.fixture
def door() -> Iterator[Inside]:
    name = f"zmward-filter-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield Inside(name)
    subprocess.run(["ip", "netns", "delete", name], check=True)


def rules(backend: Backend, found: Policy) -> Rules:
    least = minimum(found)
    if backend == "nftables":
        return Rules("nftables", (nftables(found),), (nftables(least),))
    texts = (
        (
            ipset(one, BANNED),
            *(iptables(one, family, bans=True) for family in FAMILIES),
        )
        for one in (found, least)
    )
    return Rules("iptables", *texts)


def live(door: Inside) -> str:
    """Return everything that is loaded, by both back ends."""
    script = (
        "nft -s list ruleset; iptables-save -t security; ip6tables-save -t security;"
        "ipset list -n"
    )
    text = door.run(("sh", "-c", script)).out.decode()
    return "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith("#")
    )


@BOTH
def test_what_is_loaded_is_known_again(door: Inside, backend: Backend) -> None:
    wanted, other = rules(backend, SITE), rules(backend, STORE)
    assert strange_rules(wanted) == ""
    assert read_rules(door) is None
    assert standing_rules(door, wanted) is None
    load_rules(door, wanted, RUN, "/")
    assert standing_rules(door, other, wanted) == wanted
    assert loaded_by(door, wanted, RUN)
    assert not loaded_by(door, wanted, OTHER)
    # Another load of the same changes but the mark.
    load_rules(door, wanted, OTHER, "/")
    assert standing_rules(door, other, wanted) == wanted
    assert loaded_by(door, wanted, OTHER)
    assert not loaded_by(door, wanted, RUN)


@BOTH
def test_what_was_read_can_be_loaded_again(door: Inside, backend: Backend) -> None:
    load_rules(door, rules(backend, SITE), RUN, "/")
    before, text = read_rules(door), sorted(live(door).splitlines())
    assert before is not None
    assert strange_rules(before) == ""
    load_rules(door, rules(backend, STORE), OTHER, "/")
    assert sorted(live(door).splitlines()) != text
    restore_rules(door, before, rules(backend, STORE))
    assert sorted(live(door).splitlines()) == text
    assert standing_rules(door, before) == before


@BOTH
def test_an_edit_by_hand_is_noticed(door: Inside, backend: Backend) -> None:
    wanted = rules(backend, SITE)
    load_rules(door, wanted, RUN, "/")
    edit = {
        "nftables": ("nft", "insert", "rule", "inet", "zmward", "input", "accept"),
        "iptables": ("iptables", "-t", "security", "-I", "ZMWARD", "-j", "ACCEPT"),
    }
    assert door.run(edit[backend]).code == 0
    assert standing_rules(door, wanted) != wanted
    assert loaded_by(door, wanted, RUN)


def test_a_zone_edited_by_hand_is_noticed_and_a_ban_is_not_one(door: Inside) -> None:
    wanted = rules("nftables", SITE)
    load_rules(door, wanted, RUN, "/")
    ban = ("nft", "add element inet zmward timed-bans4 { 203.0.113.9 timeout 10m }")
    assert door.run(ban).code == 0
    assert standing_rules(door, wanted) == wanted
    load_rules(door, wanted, OTHER, "/")
    assert "203.0.113.9" in live(door)
    zone = ("nft", "add element inet zmward admin4 { 203.0.113.9 }")
    assert door.run(zone).code == 0
    assert standing_rules(door, wanted) != wanted


@BOTH
def test_taking_out_leaves_nothing(door: Inside, backend: Backend) -> None:
    door.run(("nft", "add table inet of_others"))
    empty = live(door)
    load_rules(door, rules(backend, SITE), RUN, "/")
    restore_rules(door, None, rules(backend, SITE))
    assert read_rules(door) is None
    left = live(door).replace("*security\n", "").replace("COMMIT\n", "")
    for chain in ("INPUT", "FORWARD", "OUTPUT"):
        left = left.replace(f":{chain} ACCEPT [0:0]\n", "")
    assert "table inet of_others" in left
    assert "zmward" not in left.lower()
    assert empty.count("table inet of_others") == 1


@pytest.mark.parametrize("first", ["nftables", "iptables"])
def test_one_back_end_follows_the_other(door: Inside, first: Backend) -> None:
    second: Backend = "iptables" if first == "nftables" else "nftables"
    old, new = rules(first, SITE), rules(second, SITE)
    load_rules(door, old, RUN, "/")
    before = read_rules(door)
    load_rules(door, new, OTHER, "/")
    assert standing_rules(door, new) == new
    assert not loaded_by(door, old, RUN)
    restore_rules(door, before, new)
    assert standing_rules(door, before) == before
    assert not loaded_by(door, new, OTHER)


class Fires(Inside):
    """A door behind which the run's switch takes it back as soon as it is loaded."""

    def __init__(self, name: str, before: Rules, folder: Path) -> None:
        super().__init__(name)
        self.before, self.folder = before, folder

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        done = super().run(argv, given=given, user=user, seconds=seconds)
        if "load" in argv[3:5]:
            (self.folder / "fired").mkdir()
            restore_rules(Inside(self.place), self.before, None)
        return done


def test_what_the_switch_has_brought_back_stays(door: Inside, tmp_path: Path) -> None:
    load_rules(door, rules("iptables", SITE), RUN, "/")
    before = read_rules(door)
    assert before is not None
    slow = Fires(door.place, before, tmp_path)
    with pytest.raises(Fault, match="has taken the run back"):
        load_rules(slow, rules("nftables", SITE), OTHER, str(tmp_path))
    assert "-A INPUT -j ZMWARD" in live(door)


def put_with_full(door: Inside, backend: Backend, *disks: str) -> Done:
    """Load the rules of STORE while there is no room on some disks."""
    full = (
        f"mount -t tmpfs -o size=4k none {disk} && head -c 4096 /dev/zero >{disk}/full"
        for disk in disks
    )
    script = f'{" && ".join(full)} && exec sh -c "$1" zmward put {backend}'
    words = ("unshare", "--mount", "--", "sh", "-c", script, "zmward", program())
    text = frames(backend, rules(backend, STORE).texts)
    return door.run(words, given=text.encode())


@BOTH
def test_rules_are_taken_back_with_a_full_disk(door: Inside, backend: Backend) -> None:
    load_rules(door, rules(backend, SITE), RUN, "/")
    done = put_with_full(door, backend, "/tmp")
    assert done.code == 0, done.said
    wanted = rules(backend, STORE)
    assert standing_rules(door, wanted) == wanted


@BOTH
def test_half_a_text_is_never_loaded(door: Inside, backend: Backend) -> None:
    load_rules(door, rules(backend, SITE), RUN, "/")
    before = live(door)
    assert put_with_full(door, backend, "/tmp", "/run").code != 0
    assert live(door) == before


@BOTH
def test_what_cannot_be_loaded_changes_nothing(door: Inside, backend: Backend) -> None:
    load_rules(door, rules(backend, SITE), RUN, "/")
    text = live(door)
    good = rules(backend, STORE)
    end = "}\n" if backend == "nftables" else "COMMIT\n"
    text_broken = good.texts[-1].removesuffix(end) + f"-A pigs\n{end}"
    broken = Rules(backend, (*good.texts[:-1], text_broken))
    with pytest.raises(Refused, match="cannot load these rules"):
        tried(door, broken)
    assert live(door) == text


def test_a_host_without_programs_has_no_rules(door: Inside) -> None:
    class Bare(Inside):
        def run(self, argv: Sequence[str], **_rest: object) -> Done:
            if argv[0] == "sh" and "command -v" in argv[2]:
                return Done(1)
            raise AssertionError(argv)

    assert read_rules(Bare(door.place)) is None


def test_a_verb_that_does_not_exist_fails(door: Inside) -> None:
    assert run_rules(door, "nonsense").code != 0
