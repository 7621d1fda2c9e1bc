"""The lock: whoever is gone is known at once, whoever lives is waited for."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from tests.engine.repair import twin
from tests.engine.twin import Killed, Moments, Twin
from zmward.doors.host import Local, command
from zmward.engine import lock
from zmward.engine.lock import LEASE, Owner, locked
from zmward.engine.state import root
from zmward.errors import NotUndone, Refused

PATH = f"{root()}/lock"
BOOT = "boot-1 pid:[1]"


def held(host: Twin, owner: Owner) -> None:
    host.folder("/var/lib/zmward")
    host.add(PATH, msgspec.json.encode(owner) + b"\n")


def process(host: Twin, number: int, started: str) -> None:
    host.add(f"/proc/{number}/stat", f"{number} (a) S {'0 ' * 18}{started} 0\n")


@pytest.mark.parametrize(
    ("owner", "free"),
    [
        (Owner("a", BOOT, "mail", 7, "500"), False),
        (Owner("a", BOOT, "mail", 7, "499"), True),
        (Owner("a", BOOT, "mail", 8, "500"), True),
        (Owner("a", "boot-0 pid:[1]", "mail", 7, "500"), True),
        (Owner("a", "boot-1 pid:[2]", "mail", 7, "500"), True),
        (Owner("a", BOOT, "laptop", until=1000.5), False),
        (Owner("a", BOOT, "laptop", until=999.5), True),
        (Owner("a", "boot-0 pid:[1]", "laptop", until=9e9), True),
    ],
)
def test_who_is_gone_is_known_without_any_clock(owner: Owner, *, free: bool) -> None:
    host = twin()
    process(host, 7, "500")
    held(host, owner)
    # Whatever the host's clock says, in whatever year.
    host.now = 0
    if free:
        with locked(host):
            assert PATH in host.entries
        assert PATH not in host.entries
        return
    with pytest.raises(Refused, match=r"process 7|from laptop; .* free in 0 s"):
        locked(host).__enter__()


def test_of_this_machine_a_dead_process_is_known_without_waiting() -> None:
    host = twin()
    with locked(host):
        owner = msgspec.json.decode(host.entries[PATH].content, type=Owner)
    assert owner.process == os.getpid()
    held(host, owner)
    with pytest.raises(Refused, match="free in 120 s"):
        locked(host).__enter__()
    held(host, msgspec.structs.replace(owner, started="1"))
    with locked(host):
        pass
    # Elsewhere, nobody can say so.
    elsewhere = msgspec.structs.replace(owner, started="1", home="other")
    held(host, elsewhere)
    with pytest.raises(Refused, match="free in 120 s"):
        locked(host).__enter__()


def test_what_a_dead_run_still_does_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = twin()
    monkeypatch.setattr(time, "sleep", lambda _pause: None)
    held(host, Owner("dead", BOOT, "mail", 8, "500"))
    host.working["ZMWARD_LOCK=dead"] = (77,)
    with pytest.raises(Refused, match="process 77 there, left by one that died"):
        locked(host).__enter__()
    # It ends while we look.
    monkeypatch.setattr(time, "sleep", lambda _pause: host.working.clear())
    with locked(host):
        pass


def test_a_lock_that_cannot_be_read_is_not_taken_for_a_dead_one() -> None:
    host = twin()
    host.folder("/var/lib/zmward")
    host.add(PATH, "?\n")
    with pytest.raises(Refused, match="remove"):
        locked(host).__enter__()


def test_of_two_that_find_a_dead_one_only_one_goes_on() -> None:
    host = twin()
    held(host, Owner("dead", "boot-0"))
    second = Owner("second", BOOT, "laptop", until=2000)

    def faster(argv: tuple[str, ...]) -> None:
        if "swap" in argv:
            host.fails = lambda _argv: None
            held(host, second)

    host.fails = faster  # type: ignore[assignment]  # it only looks
    with pytest.raises(Refused, match="just begun"):
        locked(host).__enter__()
    assert msgspec.json.decode(host.entries[PATH].content, type=Owner) == second


def asked(host: Twin) -> None:
    with locked(host):
        for _ in range(9):
            host.run(("id", "-u"))


@pytest.mark.parametrize("after", [False, True])
def test_no_death_leaves_a_lock_without_an_owner(*, after: bool) -> None:
    for number in range(9):
        host = twin()
        host.moments = Moments(number, after)
        with pytest.raises(Killed):
            asked(host)
        host.moments = Moments()
        if PATH in host.entries:
            owner = msgspec.json.decode(host.entries[PATH].content, type=Owner)
            assert owner.until == 1000 + LEASE


def test_from_elsewhere_the_lease_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_EVERY", 0.001)
    host = twin()
    renewed = threading.Event()

    def watch(argv: tuple[str, ...]) -> None:
        if "swap" in argv and "1500" in argv[-1]:
            renewed.set()

    with locked(host):
        host.fails = watch  # type: ignore[assignment]  # it only looks
        host.entries["/proc/uptime"].content = b"1380.00 0.0\n"
        assert renewed.wait(30)
    assert PATH not in host.entries


def test_who_was_silent_for_too_long_does_nothing_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = twin()
    now = [0.0]
    monkeypatch.setattr(time, "clock_gettime", lambda _clock: now[0])
    with locked(host) as ours:
        ours.check()
        held(host, Owner("other", BOOT, "elsewhere", until=9e9))
        ours.check()
        now[0] = LEASE
        with pytest.raises(NotUndone, match="taken the run over"):
            ours.check()
    assert b"other" in host.entries[PATH].content


class TestHere:
    @pytest.fixture
    def place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        if os.getuid():
            pytest.skip("the state belongs to root")
        monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
        return tmp_path / "state/lock"

    def test_a_process_that_lives_keeps_it(self, place: Path) -> None:
        with locked(Local()):
            owner = msgspec.json.decode(place.read_bytes(), type=Owner)
            assert (owner.process, owner.until) == (os.getpid(), 0)
            with pytest.raises(Refused, match=f"process {os.getpid()}"):
                locked(Local()).__enter__()
        assert not place.exists()

    def test_a_process_that_was_killed_has_lost_it(self, place: Path) -> None:
        with locked(Local()):
            owner = msgspec.json.decode(place.read_bytes(), type=Owner)
        gone = subprocess.Popen(["true"])
        gone.wait()
        dead = msgspec.structs.replace(owner, process=gone.pid)
        place.write_bytes(msgspec.json.encode(dead) + b"\n")
        with locked(Local()):
            pass

    def test_a_command_that_outlives_its_run_keeps_it(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lock, "_PAUSES", ())
        with locked(Local()):
            owner = msgspec.json.decode(place.read_bytes(), type=Owner)
            line = command(("sleep", "60"), "root", 60)
            left = subprocess.Popen(["sh", "-c", line], start_new_session=True)
        dead = msgspec.structs.replace(owner, process=left.pid, started="1")
        place.write_bytes(msgspec.json.encode(dead) + b"\n")
        try:
            with pytest.raises(Refused, match=f"process {left.pid} there, left"):
                locked(Local()).__enter__()
        finally:
            os.killpg(left.pid, signal.SIGKILL)
            left.wait()
        with locked(Local()):
            pass

    def test_two_at_the_same_moment_do_not_both_get_it(self, place: Path) -> None:
        start, got = threading.Barrier(4), []

        def attempt() -> None:
            ours = locked(Local())
            start.wait()
            with suppress(Refused):
                ours.__enter__()
                got.append(ours)

        threads = [threading.Thread(target=attempt) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 1
        assert place.exists()
        got[0].__exit__(None, None, None)
        assert not place.exists()
