"""What a boot loads, in a real kernel: also without the folder, or under a lock."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.repair import twin
from tests.firewall.test_packet_filter import BOTH, OTHER, RUN, Inside, rules
from tests.firewall.test_packet_filter import door as door  # noqa: PLC0414  # a fixture
from tests.firewall.test_render import SITE, STORE
from zmward.doors.host import Done
from zmward.doors.packet_filter import program, standing_rules
from zmward.engine.boot_rules import keep_rules
from zmward.engine.state import known
from zmward.ruleset import Backend, Rules

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
# Only who waits for the lock gets it.
_HELD = """#!/bin/sh
case "$*" in
*--help*) echo '[ --wait=<seconds> ]' ;;
*--wait* | -V) exec {} "$@" ;;
*) echo 'Another app is currently holding the xtables lock' >&2; exit 4 ;;
esac
"""


class Boot:
    """A host below a folder, which keeps rules for its next boot."""

    def __init__(self, door: Inside, root: Path) -> None:
        self.door, self.root = door, root
        for name in ("bin", "units", "runs"):
            (root / name).mkdir()
        self.program("systemctl", "#!/bin/sh\n")

    @property
    def folder(self) -> Path:
        return self.root / "firewall"

    def program(self, name: str, text: str) -> None:
        path = self.root / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def run(self, argv: Sequence[str], given: str = "") -> Done:
        path = f"PATH={self.root}/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return self.door.run(("env", path, *argv), given=given.encode(), seconds=120)

    def verb(self, *words: str, given: str = "") -> None:
        argv = ("sh", "-c", program(), "zmward", *words, str(self.root / "units"))
        done = self.run(argv, given)
        assert done.code == 0, done.said

    def keep(self, run: str, wanted: Rules) -> None:
        host = twin()
        keep_rules(host, known(run), wanted)
        given = host.kept_rules[run]
        for old, new in (
            ("/var/lib/zmward/firewall", self.folder),
            ("/etc/systemd/system", self.root / "units"),
            ("/run/zmward-firewall-least", self.root / "least"),
            ("PATH=/usr/local", f"PATH={self.root}/bin:/usr/local"),
        ):
            given = given.replace(old, str(new))
        self.verb("keep", str(self.folder), run, given=given)

    def load(self, *words: str) -> str:
        """Run what the unit runs; return what it says."""
        unit = (self.root / "units/zmward-firewall.service").read_text()
        (line,) = [x for x in unit.splitlines() if x.startswith("ExecStart=")]
        argv = line.partition("=")[2].split()
        assert argv[-1] == "once"
        done = self.run((*argv[:-1], *words))
        assert done.code == 0, done.said
        return done.error.decode()

    def standing(self, *known_rules: Rules) -> Rules | None:
        return standing_rules(self.door, *known_rules)


@pytest.fixture
def boot(door: Inside, tmp_path: Path) -> Boot:
    return Boot(door, tmp_path.resolve())


def least(whole: Rules) -> Rules:
    return Rules(whole.backend, whole.minimum)


@BOTH
def test_a_boot_loads_what_was_kept_last(boot: Boot, backend: Backend) -> None:
    wanted = rules(backend, SITE)
    boot.keep(RUN, wanted)
    assert boot.load("once") == ""
    assert boot.standing(wanted) == wanted
    assert not (boot.root / "least").exists()


@BOTH
def test_without_its_folder_a_boot_loads_the_least_and_later_all(
    boot: Boot, backend: Backend
) -> None:
    """The folder lies on a disk that comes after the network."""
    wanted = rules(backend, SITE)
    boot.keep(RUN, wanted)
    boot.folder.rename(boot.root / "away")
    assert "only the minimum is loaded, from this very file" in boot.load("once")
    assert boot.standing(least(wanted)) == least(wanted)
    (boot.root / "away").rename(boot.folder)
    boot.load("once")
    assert boot.standing(wanted) == wanted
    assert not (boot.root / "least").exists()


def test_who_keeps_rules_rehearses_and_says_nothing_of_what_is_loaded(
    boot: Boot,
) -> None:
    boot.keep(RUN, rules("nftables", SITE))
    assert not (boot.root / "least").exists()


def test_the_least_of_a_run_that_is_taken_back_is_gone(boot: Boot) -> None:
    first = rules("nftables", SITE)
    second = replace(rules("nftables", STORE), minimum=first.texts)
    boot.keep(RUN, first)
    boot.keep(OTHER, second)
    boot.verb("forget", str(boot.folder), OTHER)
    for text in (boot.folder / "load", boot.root / "units/zmward-firewall.load"):
        assert OTHER not in text.read_text()
    boot.folder.rename(boot.root / "away")
    boot.load("once")
    assert boot.standing(least(first)) == least(first)


def test_what_was_there_before_is_not_lost_with_a_damaged_file(boot: Boot) -> None:
    boot.keep(RUN, rules("nftables", SITE))
    boot.keep(OTHER, rules("nftables", STORE))
    (boot.folder / OTHER / "before").unlink()
    boot.verb("forget", str(boot.folder), OTHER)
    assert (boot.folder / "current").readlink() == Path(RUN)


def test_nothing_is_left_of_the_last_run(boot: Boot) -> None:
    boot.keep(RUN, rules("nftables", SITE))
    boot.verb("forget", str(boot.folder), RUN)
    assert not boot.folder.exists()
    assert list((boot.root / "units").iterdir()) == []


def test_a_boot_waits_for_the_lock_of_xtables(boot: Boot) -> None:
    wanted = rules("iptables", SITE)
    boot.keep(RUN, wanted)
    boot.folder.joinpath("previous").symlink_to("nothing")
    for name in ("iptables", "ip6tables", "iptables-restore", "ip6tables-restore"):
        boot.program(name, _HELD.format(f"/usr/sbin/{name}"))
    assert boot.load("once") == ""
    assert boot.standing(wanted) == wanted
    # What is there is seen, so that nothing is loaded anew.
    counted = ("iptables", "-t", "security", "-vnL", "ZMWARD")
    zone = ("iptables", "-t", "security", "-A", "ZMWARD", "-j", "ACCEPT")
    assert boot.door.run(zone).code == 0
    before = boot.door.run(counted).out
    boot.load("once")
    assert boot.door.run(counted).out == before
