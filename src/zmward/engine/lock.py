"""One run at a time on a host: a folder that only one can make.

Whoever died with the lock is recognised by the boot and the process that made it;
from another machine, by the host's own boot and by age.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from zmward.doors.files import look, must, read_bytes
from zmward.doors.host import Door
from zmward.engine.state import open_base, put
from zmward.errors import Refused, ZmwardError

_BOOT = "/proc/sys/kernel/random/boot_id"
_FORGOTTEN = 3600
_BEING_MADE = 60


class Owner(msgspec.Struct, frozen=True):
    """Who holds the lock: his machine, boot, process, and the boot of the host."""

    machine: str
    boot: str
    process: int
    started: str
    host_boot: str


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError:
        return ""


def _started(process: int) -> str:
    """Return when a process of this machine began; empty when there is none."""
    fields = _text(f"/proc/{process}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else ""  # noqa: PLR2004  # proc(5): 22nd


def _me(door: Door) -> Owner:
    own = os.getpid()
    boot = must(door.run(("cat", "--", _BOOT)), "read", _BOOT).out.decode().strip()
    return Owner(_text("/etc/machine-id"), _text(_BOOT), own, _started(own), boot)


def _age(door: Door, path: str) -> int:
    now = must(door.run(("date", "+%s")), "date", door.name).out
    made = door.run(("stat", "-c", "%Y", "--", path)).out
    return int(now) - int(made or now)


def _stale(door: Door, path: str, me: Owner) -> bool:
    """Say whether whoever made the lock is gone for certain."""
    try:
        owner = msgspec.json.decode(read_bytes(door, f"{path}/owner"), type=Owner)
    except (ZmwardError, msgspec.DecodeError):
        return _age(door, path) > _BEING_MADE
    if owner.host_boot != me.host_boot:
        return True
    if owner.machine == me.machine:
        gone = _started(owner.process) != owner.started
        return owner.boot != me.boot or gone
    return _age(door, path) > _FORGOTTEN


@contextmanager
def locked(door: Door) -> Iterator[None]:
    """Hold the lock of a host, or refuse."""
    path = f"{open_base(door)}/lock"
    me = _me(door)
    if door.run(("mkdir", "-m", "0700", "--", path)).code:
        if look(door, path) is None:
            raise Refused(f"{path} cannot be made: no lock, so nothing is done.")
        if not _stale(door, path, me):
            raise Refused(
                f"Another run of zmward works on {door.name} (lock {path}). "
                "Wait for its end, or look with `zmward history`."
            )
        # Only one can rename it away, so only one goes on.
        gone = f"{path}.{me.process}-{me.started}"
        must(door.run(("mv", "-T", "--", path, gone)), "lock", path)
        door.run(("rm", "-rf", "--", gone))
        must(door.run(("mkdir", "-m", "0700", "--", path)), "lock", path)
    try:
        put(door, f"{path}/owner", msgspec.json.encode(me))
        yield
    finally:
        door.run(("rm", "-rf", "--", path))
