"""The switch meets whoever loads, keeps or boots at the same moment: nobody is shut out."""

import json
import time
from collections.abc import Iterator

import pytest
from lab.crash_plan import said
from lab.node import Lab
from lab.product import install
from lab.session import Session, login

from tests.lab.conftest import running
from tests.lab.test_firewall_lockout import PATH, THERE, planned, shut
from tests.lab.test_firewall_try import (
    FOLDER,
    PROFILE,
    TRY,
    applied,
    marks,
    newest,
    opens,
    profiled,
    rebooted,
    taken_back,
    tried,
    until,
)

pytestmark = pytest.mark.lab
UNITS = "ls /etc/systemd/system /etc/systemd/system/*.wants"
SLOW = 70
# Loads for real only after a while, and in no network of a trial.
_SLOW = f"""#!/bin/sh
if [ "$1" = -f ] && [ "$(readlink /proc/self/ns/net)" = "$(readlink /proc/1/ns/net)" ]
then touch /var/tmp/loading; sleep {SLOW}; fi
exec /usr/sbin/nft.real "$@"
"""

MOUNT = "var-lib-zmward.mount"
_FAR = """\
[Unit]
DefaultDependencies=no
After=network-pre.target network.target
Before=remote-fs.target umount.target
Conflicts=umount.target
[Mount]
What=/srv/state
Where=/var/lib/zmward
Options=bind
[Install]
WantedBy=remote-fs.target
"""


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-switch-races", "default") as lab:
        install(lab)
        profiled(lab, PROFILE)
        planned(lab)
        yield lab


def kept(lab: Lab, run: str) -> bool:
    return said(lab, f"cat {FOLDER}/current/run 2>/dev/null || :").strip() == run


@pytest.mark.parametrize(
    "early",
    [0.6, *(pytest.param(s, marks=pytest.mark.proof) for s in (0.9, 0.4, 0.2, 0.0))],
)
def test_who_keeps_and_the_switch_agree(node: Lab, early: float) -> None:
    """One of them wins, whole: kept, loaded and there at boot, or all gone."""
    before = said(node, UNITS)
    run = applied(login(node, f"{TRY} --confirm-within 5").stdout)
    due = said(node, f"systemctl list-timers --all --output=json 'zmward-*-{run}*'")
    (timer,) = json.loads(due)
    now = float(said(node, "date +%s.%N"))
    pause = timer["next"] / 1e6 - now - 1.2 - early
    time.sleep(max(pause, 0))
    done = login(node, f"zmward confirm {run}")
    if done.returncode == 0:
        assert (newest(node), marks(node)) == ((run, "kept"), [run])
        assert kept(node, run)
        taken_back(node, run)
    else:
        assert until(lambda: newest(node)[1] == "rolled back by its switch", 60)
        assert "confirmed" not in said(node, f"cat /var/lib/zmward/runs/{run}/journal")
    print(f"{early}: {done.returncode}")  # noqa: T201  # which one has won
    assert until(lambda: said(node, UNITS) == before, 20)
    assert marks(node) == []
    assert not kept(node, run)


def test_a_switch_is_not_stopped_by_another_target(node: Lab) -> None:
    run = applied(login(node, f"{TRY} --confirm-within 600").stdout)
    for name in (f"zmward-undo-{run}.timer", f"zmward-again-{run}.timer"):
        if said(node, f"systemctl is-active {name} || :").strip() == "active":
            break
    told = said(node, f"systemctl show -p IgnoreOnIsolate --value {name}")
    taken_back(node, run)
    assert told.strip() == "yes"


@pytest.mark.proof
def test_a_switch_that_fires_while_rules_are_loaded_takes_them_out(node: Lab) -> None:
    said(node, "mv /usr/sbin/nft /usr/sbin/nft.real")
    (node.root / "usr/sbin/nft").write_text(_SLOW)
    said(node, "chmod 755 /usr/sbin/nft")
    try:
        session = Session(node, THERE)
        session.type(f"zmward apply {PATH} --yes --quiet --confirm-within 5")
        assert until((node.root / "var/tmp/loading").exists, 60)
        said(node, "pkill -KILL -f 'zmward[ ]apply'")
        session.kill()
        back = until(lambda: newest(node)[1] == "rolled back by its switch", 150)
    finally:
        said(node, "mv /usr/sbin/nft.real /usr/sbin/nft")
    log = said(node, f"cat /var/lib/zmward/runs/{newest(node)[0]}/rollback.log")
    assert back, log
    assert "taken back: the packet filter" in log
    assert marks(node) == []
    assert not shut(node)


@pytest.fixture
def far(node: Lab) -> Iterator[Lab]:
    """Put what zmward keeps on a disk that comes after the network."""
    moved = "mv /var/lib/zmward /srv/state && mkdir -m 700 /var/lib/zmward"
    said(node, f"mkdir -p /var/lib/zmward && {moved}")
    (node.root / "etc/systemd/system" / MOUNT).write_text(_FAR)
    said(node, f"systemctl daemon-reload && systemctl enable --now {MOUNT}")
    yield node
    said(node, f"systemctl disable --now {MOUNT}; rm /etc/systemd/system/{MOUNT}")
    said(node, "rmdir /var/lib/zmward && mv /srv/state /var/lib/zmward")
    rebooted(node)


def test_a_boot_without_its_disk_has_the_least_and_then_all(far: Lab) -> None:
    node = far
    run = tried(node, "--confirm-within", "60")
    rebooted(node)
    told = said(node, "journalctl -b -o cat")
    assert "ordering cycle" not in told.lower()
    assert "only the minimum is loaded, from this very file" in told
    assert until(lambda: opens(node, 993), 30), told
    assert marks(node) == [run]
    assert not opens(node, 7071)
    assert login(node, "true").returncode == 0
    taken_back(node, run)
    rebooted(node)
    assert marks(node) == []


@pytest.mark.proof
def test_an_unconfirmed_run_is_taken_back_when_its_disk_comes(far: Lab) -> None:
    node = far
    run = applied(login(node, f"{TRY} --confirm-within 600").stdout)
    rebooted(node)
    assert until(lambda: newest(node) == (run, "rolled back by its switch"), 60)
    assert marks(node) == []
    assert f"zmward-late-{run}" not in said(node, UNITS)
