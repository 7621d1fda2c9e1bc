"""Immutable bits: off for one change, on afterwards, whatever happens in between."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.repair import CHANGES, HOST, RSYSLOG, SSHD, directory, plan, proof
from tests.engine.repair import site as site_of
from tests.engine.repair import twin as plain
from tests.engine.twin import Killed, Moments, Twin
from zmward.change import (
    FileText,
    Mode,
    SetLocalConfig,
    SetMode,
    WriteFile,
)
from zmward.doors.files import replace_file
from zmward.doors.host import Done, Local
from zmward.doors.local_settings import PATH
from zmward.engine.apply import Wish, apply
from zmward.engine.flags import lifted, outstanding
from zmward.engine.history import history
from zmward.engine.lock import locked
from zmward.engine.rollback import roll_back
from zmward.engine.state import Run, known
from zmward.errors import Failed, Fault

OLD = FileText("a\n")
BITS = {
    SSHD: "i",
    "/etc/ssh/sshd_config.d": "a",
    RSYSLOG: "ia",
    "/opt/zimbra/conf/a": "i",
    "/opt/zimbra/conf": "i",
    PATH: "i",
}
KINDS = (WriteFile, SetMode, SetLocalConfig)
REMOVED = WriteFile(HOST, RSYSLOG, OLD, None)
SOME = (
    *(c for c in CHANGES if isinstance(c, KINDS) and c.place[-1] != RSYSLOG),
    REMOVED,
)


def twin() -> Twin:
    host = plain()
    host.add(RSYSLOG, OLD.text, Mode(OLD.mode, "root", "root"))
    host.flags = dict(BITS)
    return host


def test_bits_are_lifted_for_the_change_and_put_back() -> None:
    host = twin()
    run = apply(site_of(host, directory()), plan(SOME), Wish(), proof).run
    assert host.entries[SSHD].content == b"PermitRootLogin no\n"
    assert RSYSLOG not in host.entries
    left = {path: bits for path, bits in host.flags.items() if bits}
    assert left == {path: bits for path, bits in BITS.items() if path != RSYSLOG}
    assert roll_back(site_of(host, directory()), known(run)).complete
    assert host.state() == twin().state()


def test_bits_that_another_hand_took_off_since_stay_off() -> None:
    host = twin()
    run = apply(site_of(host, directory()), plan(SOME), Wish(), proof).run
    host.flags[SSHD] = ""
    roll_back(site_of(host, directory()), known(run))
    assert not host.flags[SSHD]


@pytest.mark.parametrize("after", [False, True])
def test_bits_survive_every_death(*, after: bool) -> None:
    host = twin()
    apply(site_of(host, directory()), plan(SOME), Wish(), proof)
    for number in range(host.moments.count):
        host = twin()
        host.moments = Moments(number, after)
        with pytest.raises(Killed):
            apply(site_of(host, directory()), plan(SOME), Wish(), proof)
        host.moments = Moments()
        host.entries["/proc/sys/kernel/random/boot_id"].content = b"boot-2\n"
        with locked(host):
            for row in history(host):
                if row.state in {"interrupted", "unconfirmed"}:
                    roll_back(site_of(host, directory()), known(row.run))
        host.timers.clear()
        host.entries["/proc/sys/kernel/random/boot_id"].content = b"boot-1\n"
        assert host.state() == twin().state(), number


def test_bits_that_cannot_be_taken_off_are_said() -> None:
    host = twin()
    no = Done(1, b"", b"Operation not permitted")
    host.fails = lambda argv: no if argv[0] == "chattr" and "-" in argv[1] else None
    with pytest.raises(Failed, match="cannot be taken off"):
        apply(site_of(host, directory()), plan(SOME), Wish(), proof)
    assert host.state() == twin().state()


def test_without_lsattr_a_forbidden_change_says_what_is_missing() -> None:
    host = twin()
    host.fails = lambda argv: Done(127) if argv[0] == "lsattr" else None
    with pytest.raises(Failed, match="e2fsprogs"):
        apply(site_of(host, directory()), plan(SOME), Wish(), proof)
    assert host.state() == twin().state()


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Path]:
    """Return a file with a bit on a real file system, where that can be had."""
    place = tmp_path.resolve() / "file"
    place.write_text("a\n")
    program = shutil.which("chattr")
    if (
        program is None
        or subprocess.run([program, "+i", place], check=False).returncode
    ):
        pytest.skip("no bits here: not root, no chattr, or another file system")
    yield place
    subprocess.run([program, "-ia", place, place.parent], check=False)


def test_the_real_bits_are_taken_off_and_put_back(real: Path) -> None:
    door, run = Local(), Run("20261121T120000Z-0000", str(real.parent))
    change = WriteFile(HOST, str(real), FileText("a\n"), FileText("b\n"))
    Path(run.folder).mkdir(parents=True)
    with pytest.raises(Fault, match="not permitted"):
        replace_file(door, change.path, change.after, token="t")
    with lifted(door, run, change):
        assert outstanding(door, run) == {str(real): "i"}
        replace_file(door, change.path, change.after, token="t")
    assert real.read_text() == "b\n"
    assert outstanding(door, run) == {}
    with pytest.raises(PermissionError):
        real.write_text("c\n")
