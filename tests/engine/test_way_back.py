"""rollback.sh beside others: who loads, who keeps, and what cannot be taken back yet."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.engine.repair import RULES
from tests.engine.shell_world import HOST, World, text
from zmward.change import WriteFile
from zmward.ruleset import LoadRuleset, Rules

LOAD = LoadRuleset(HOST, None, Rules("nftables", (RULES,)))
MARK = "chain run-20261121T120000Z-0000 { }"
# A kernel with one table, whose chains lie in a file.
_NFT = """#!/bin/sh
table=$WORLD/loaded
echo "nft $*" >>"$WORLD/said"
[ ! -e "$WORLD/held" ] || { echo 'Resource busy' >&2; exit 1; }
case "$*" in
"list chains inet") cat "$table" 2>/dev/null || : ;;
"list tables") [ ! -e "$table" ] || echo "table inet zmward" ;;
"delete table inet zmward") rm "$table" ;;
esac
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a host on which a run has loaded its rules."""
    found = World(tmp_path.resolve())
    found.prepare((LOAD,), journal='{"at":"x","what":"applied","note":"b 1"}\n')
    program = found.bin / "nft"
    program.write_text(_NFT)
    program.chmod(0o755)
    (found.root / "loaded").write_text(f"{MARK}\n")
    return found


def loaded(world: World) -> bool:
    return (world.root / "loaded").exists()


def units(world: World) -> list[str]:
    return sorted(p.name for p in (world.root / "units").iterdir())


def armed(world: World) -> None:
    """Lay the units that take the run back after a boot."""
    for name in ("early", "late"):
        unit = world.root / f"units/zmward-{name}-{world.run.id}.service"
        unit.write_text("[Unit]\n")


def boot(world: World) -> Path:
    """Return a folder of rules for the next boot, kept by this very run."""
    folder = world.root / "state/firewall"
    (folder / world.run.id).mkdir(parents=True)
    (folder / world.run.id / "before").write_text("- -\n")
    (folder / "current").symlink_to(world.run.id)
    (folder / "load").write_text('echo loaded >>"$WORLD/said"\n')
    return folder


def holding(world: World, path: Path, seconds: float) -> "subprocess.Popen[bytes]":
    """Hold the lock of a folder for a while; return when it is held."""
    held = world.root / "is-held"
    words = f'exec 9<"$1"; flock 9; touch "$2"; exec sleep {seconds}'
    argv = ["sh", "-c", words, "sh", str(path), str(held)]
    found = subprocess.Popen(argv)
    while not held.exists():
        time.sleep(0.01)
    return found


def test_who_still_loads_is_waited_for(world: World) -> None:
    (world.root / "loaded").unlink()
    held = world.root / "is-held"
    words = 'exec 9<"$1"; flock 9; touch "$2"; sleep 1; echo "$4" >"$3"'
    table = str(world.root / "loaded")
    argv = ["sh", "-c", words, "sh", str(world.folder), str(held), table, MARK]
    with subprocess.Popen(argv):
        while not held.exists():
            time.sleep(0.01)
        assert world.take_back("timer") == 0, world.log()
    assert not loaded(world)


def test_who_holds_the_run_for_ever_does_not_keep_its_rules_loaded(
    world: World,
) -> None:
    script = world.folder / "rollback.sh"
    script.write_text(script.read_text().replace("flock -w 150", "flock -w 0.2"))
    with holding(world, world.folder, 20) as other:
        assert world.take_back("timer") == 0, world.log()
        other.kill()
    assert not loaded(world)


def test_half_a_mark_keeps_nothing(world: World) -> None:
    """A disk that was full has taken only a part of the line."""
    with (world.folder / "journal").open("a") as journal:
        journal.write('\n{"at":"x","what":"confirmed"')
    assert world.take_back("timer") == 0
    assert not loaded(world)


@pytest.mark.parametrize("what", ["confirmed", "rolled-back"])
def test_what_is_over_has_no_switch_any_more(world: World, what: str) -> None:
    with (world.folder / "journal").open("a") as journal:
        journal.write(f'\n{{"at":"x","what":"{what}"}}\n')
    armed(world)
    assert world.take_back("timer") == 0
    assert loaded(world)
    assert not (world.folder / "fired").exists()
    assert not [name for name in units(world) if world.run.id in name]


@pytest.mark.parametrize("mode", ["timer", "late"])
def test_what_is_put_aside_is_left_alone_by_its_switch(world: World, mode: str) -> None:
    with (world.folder / "journal").open("a") as journal:
        journal.write('\n{"at":"x","what":"abandoned","note":"me"}\n')
    armed(world)
    assert world.take_back(mode) == 0
    assert loaded(world)
    assert "is put aside" in world.log()
    assert not [name for name in units(world) if world.run.id in name]
    # By hand it can still be taken back.
    assert world.take_back() == 0
    assert not loaded(world)


def test_what_cannot_be_taken_out_is_tried_again(world: World) -> None:
    armed(world)
    (world.root / "held").touch()
    assert world.take_back("timer") == 6
    assert "the new rules are still loaded" in world.log()
    again = [line for line in world.said() if line.startswith("systemd-run ")]
    assert len(again) == 1
    assert again[0].endswith(f"{world.folder}/rollback.sh timer")
    assert len([name for name in units(world) if world.run.id in name]) == 2
    (world.root / "held").unlink()
    assert world.take_back("timer") == 0
    assert not loaded(world)
    assert not [name for name in units(world) if world.run.id in name]


def test_rules_kept_for_the_boot_that_stay_there_are_not_forgotten(
    world: World,
) -> None:
    """Another holds the lock of what is kept: the next boot must not load it."""
    armed(world)
    boot(world)
    script = world.folder / "rollback.sh"
    script.write_text(script.read_text().replace("flock -w 110", "flock -w 0.2"))
    with holding(world, world.root / "state/runs", 20) as other:
        assert world.take_back("timer") == 6
        other.kill()
    assert not loaded(world)
    assert "could not be taken back: rules for the next boot" in world.log()
    assert len([name for name in units(world) if world.run.id in name]) == 2
    assert [line for line in world.said() if line.startswith("systemd-run ")]


def test_what_shut_the_operator_out_is_not_loaded_from_the_boot(world: World) -> None:
    """Its own rules are kept for the boot: they are no way out."""
    old = Rules("nftables", (RULES.replace("22", "2222"),))
    world.folder.rename(world.root / "aside")
    world.prepare((LoadRuleset(HOST, old, LOAD.after),))
    for path in (world.folder / "store").iterdir():
        path.write_text("damaged")
    boot(world)
    script = world.folder / "rollback.sh"
    script.write_text(script.read_text().replace("flock -w 110", "flock -w 0.2"))
    with holding(world, world.root / "state/runs", 20) as other:
        assert world.take_back("timer") == 6
        other.kill()
    assert not loaded(world)
    assert "loaded" not in world.said()


def test_rules_of_a_run_that_the_boot_does_not_replace_go(world: World) -> None:
    """What is loaded for the boot may be another back end's, or be left to ufw."""
    old = Rules("nftables", (RULES.replace("22", "2222"),))
    world.folder.rename(world.root / "aside")
    world.prepare((LoadRuleset(HOST, old, LOAD.after),))
    for path in (world.folder / "store").iterdir():
        path.write_text("damaged")
    folder = world.root / "state/firewall"
    folder.mkdir()
    (folder / "load").write_text('echo loaded >>"$WORLD/said"\n')
    assert world.take_back("timer") == 6
    assert "loaded" in world.said()
    assert not loaded(world)


def test_late_gives_back_what_lay_on_a_disk_that_came_late(world: World) -> None:
    place = world.root / "etc/disk/a"
    change = WriteFile(HOST, str(place), text("old\n"), text("new\n"))
    world.folder.rename(world.root / "aside")
    world.prepare((change,))
    assert world.take_back("early") == 0
    assert "changed by another hand" not in world.log()
    place.parent.mkdir()
    place.write_text("new\n")
    assert world.take_back("late") == 0
    assert place.read_text() == "old\n"


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
def test_rules_go_where_nothing_can_be_written(world: World) -> None:
    armed(world)
    folder = str(world.folder)
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
    try:
        world.take_back("timer")
        assert not loaded(world)
        # Nobody else sees that it is taken back, so a boot looks once more.
        assert len([name for name in units(world) if world.run.id in name]) == 2
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_journal_of_noise_keeps_nothing(world: World) -> None:
    (world.folder / "journal").write_bytes(os.urandom(4096))
    assert world.take_back("timer") == 0
    assert not loaded(world)
    assert json.loads((world.folder / "fired/failed").read_text()) == 0
