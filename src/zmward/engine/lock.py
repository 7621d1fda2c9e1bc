"""One run at a time on a host: a file that names its owner, exchanged whole.

An owner on the host itself is a process, so that the boot, the process and its start
say whether it lives. An owner elsewhere holds a lease that it renews; its end is told
in seconds since the host's boot, which no clock can move.
"""

import os
import platform
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from zmward.doors.files import must, swap
from zmward.doors.host import LOCK, Door, Local
from zmward.engine.state import open_base
from zmward.errors import NotUndone, Refused, Unreachable, ZmwardError

_BOOT = "/proc/sys/kernel/random/boot_id"
# Containers share the boot with their host, but not their processes.
_SPACE = "/proc/self/ns/pid"
_FIRST_SPACE = "pid:[4026531836]"
_INHABITED = 'readlink /proc/[0-9]*/ns/pid | grep -qFx -- "$2"'
_SEARCH = 'grep -la -- "$2" /proc/[0-9]*/environ 2>/dev/null'
# What a run that died has left mostly ends in a moment.
_PAUSES = (0.1, 0.3, 0.6, 1.0, 3.0)
_NONE = "-"
_CHANGED = 4
LEASE = 120.0
_EVERY = 20.0
# It goes on while a laptop sleeps; other systems than Linux may lack it.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Owner(msgspec.Struct, frozen=True):
    """Who holds the lock: a process of the host, or one elsewhere for a while.

    `home` tells where the process is, if it is elsewhere.
    """

    token: str
    host_boot: str
    where: str = ""
    process: int = 0
    started: str = ""
    until: float = 0.0
    home: str = ""


def _boot(door: Door) -> str:
    boot = must(door.run(("cat", "--", _BOOT)), "read", _BOOT).out.decode().strip()
    space = must(door.run(("readlink", "--", _SPACE)), "read", _SPACE).out.decode()
    return f"{boot} {space.strip()}"


def _uptime(door: Door) -> float:
    place = "/proc/uptime"
    return float(must(door.run(("cat", "--", place)), "read", place).out.split()[0])


def _field(stat: str) -> str:
    """Return the start of a process, the 22nd field of proc(5)'s stat."""
    fields = stat.rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else ""  # noqa: PLR2004  # 2 are before it


def _started(door: Door, process: int) -> str:
    """Return when a process of the host began; empty when there is none."""
    done = door.run(("cat", "--", f"/proc/{process}/stat"))
    return _field(done.out.decode("utf-8", "replace"))


def _read(path: str) -> str:
    """Return what a file of this machine holds; some systems have no /proc."""
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _home() -> str:
    """Return this machine, its boot and its space of processes; empty: not known."""
    words = (_read("/etc/machine-id"), _read(_BOOT))
    try:
        space = str(Path(_SPACE).readlink())
        return " ".join((*words, space)) if all(words) else ""
    except OSError:
        return ""


def _me(door: Door) -> Owner:
    token, where = secrets.token_hex(8), platform.node()
    boot = _boot(door)
    if isinstance(door, Local):
        own = os.getpid()
        return Owner(token, boot, where, own, _started(door, own))
    own, until = os.getpid(), _uptime(door) + LEASE
    stat = _read(f"/proc/{own}/stat")
    return Owner(token, boot, where, own, _field(stat), until, _home())


def _living(door: Door, text: str, path: str) -> str:
    """Say who holds a lock that is there; empty when he is gone for certain."""
    try:
        owner = msgspec.json.decode(text, type=Owner)
    except (msgspec.DecodeError, UnicodeError):
        return f"its owner cannot be read; if nothing works there, remove {path}"
    here = _boot(door)
    if owner.host_boot != here:
        return _apart(door, owner, here, path)
    living = _alive(door, owner)
    for pause in () if living else _PAUSES:
        if not _at_work(door, owner):
            return ""
        time.sleep(pause)
    return living or _at_work(door, owner)


def _apart(door: Door, owner: Owner, here: str, path: str) -> str:
    """Say who may live in another space of processes of this very boot."""
    boot, _, space = owner.host_boot.partition(" ")
    if boot != here.partition(" ")[0]:
        return ""
    if owner.until:
        # A container may count its uptime from its own start.
        return _alive(door, owner) if owner.until - _uptime(door) <= LEASE else ""
    # The host's own space lasts as long as the boot, and is not seen from a container.
    asked = ("sh", "-c", _INHABITED, "zmward", "inhabited", space)
    if space != _FIRST_SPACE and door.run(asked).code:
        return ""
    return f"process {owner.process} beyond a container; if it is gone, remove {path}"


def _at_work(door: Door, owner: Owner) -> str:
    """Say which command goes on although whoever gave it is gone."""
    found = door.run(
        ("sh", "-c", _SEARCH, "zmward", "working", f"{LOCK}={owner.token}")
    )
    number = found.out.decode("utf-8", "replace").partition("/proc/")[2].partition("/")
    return f"process {number[0]} there, left by one that died" if number[0] else ""


def _alive(door: Door, owner: Owner) -> str:
    if not owner.until:
        same = _started(door, owner.process) == owner.started
        return f"process {owner.process} there" if same else ""
    ours = owner.home and owner.home == _home()
    if ours and _field(_read(f"/proc/{owner.process}/stat")) != owner.started:
        return ""
    left = owner.until - _uptime(door)
    if left <= 0:
        return ""
    return f"from {owner.where}; if that one is gone, it is free in {left:.0f} s"


def _seen(door: Door, path: str) -> str:
    done = door.run(("cat", "--", path))
    if done.code and b"No such file" in done.error:
        return _NONE
    return must(done, "read", path).out.decode("utf-8", "replace").rstrip("\n")


class Lock:
    """A lock that is held; from elsewhere, renewed while the work goes on."""

    def __init__(self, door: Door, path: str, owner: Owner) -> None:
        self._door, self._path, self._owner = door, path, owner
        self._one = threading.Lock()
        self._over = threading.Event()
        self._lost = False
        self._renewed = time.clock_gettime(_CLOCK)

    @property
    def _text(self) -> str:
        return msgspec.json.encode(self._owner).decode()

    def take(self, seen: str) -> bool:
        """Put our name where `seen` was; say whether it is ours."""
        done = swap(self._door, self._path, seen, self._text)
        if done.code == _CHANGED:
            return False
        if done.code:
            raise Refused(
                f"{self._path} cannot be made, nothing is done: {done.said}. Where it "
                "cannot be mended, `sh rollback.sh` in a run's folder takes the run "
                "back without it."
            )
        os.environ[LOCK] = self._owner.token
        if self._owner.until:
            threading.Thread(target=self._keep, daemon=True).start()
        return True

    def check(self) -> None:
        """Raise where another has taken the lock, since we were silent for too long."""
        silent = time.clock_gettime(_CLOCK) - self._renewed
        if self._owner.until and not self._lost and silent > LEASE / 2:
            self._renew()
        if self._lost:
            raise NotUndone(
                f"{self._door.name} was not reached for too long, so another zmward "
                "has taken the run over: nothing more is done from here. See "
                "`zmward history`."
            )

    def release(self) -> None:
        """Give the lock back, if it is still ours."""
        self._over.set()
        os.environ.pop(LOCK, None)
        # A host that is not reached any more must not hide how the run has ended.
        with self._one, suppress(Unreachable):
            swap(self._door, self._path, self._text, _NONE)

    def _keep(self) -> None:
        while not self._over.wait(_EVERY) and not self._lost:
            try:
                self._renew()
            except ZmwardError:
                # The next attempt, or the end of the lease, decides.
                continue

    def _renew(self) -> None:
        with self._one:
            if self._over.is_set():
                return
            until = _uptime(self._door) + LEASE
            later = msgspec.structs.replace(self._owner, until=until)
            text = msgspec.json.encode(later).decode()
            done = swap(self._door, self._path, self._text, text)
            if done.code == _CHANGED:
                self._lost = True
            elif not done.code:
                self._owner = later
                self._renewed = time.clock_gettime(_CLOCK)


@contextmanager
def locked(door: Door) -> Iterator[Lock]:
    """Hold the lock of a host, or refuse."""
    path = f"{open_base(door)}/lock"
    seen = _seen(door, path)
    if seen != _NONE:
        holder = _living(door, seen, path)
        if holder:
            raise Refused(
                f"Another run of zmward works on {door.name} ({holder}; lock {path}). "
                "Wait for its end, or look with `zmward history`."
            )
    lock = Lock(door, path, _me(door))
    if not lock.take(seen):
        raise Refused(f"Another run of zmward has just begun on {door.name}.")
    try:
        yield lock
    finally:
        lock.release()
