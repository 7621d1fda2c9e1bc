"""Whether lines really leave a host: a test line, looked for where it should arrive."""

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

import msgspec

from zmward.change import Mode
from zmward.doors.files import look, must, read_plain, replace_bytes
from zmward.doors.host import Door
from zmward.engine.state import open_base, root
from zmward.engine.verify import Proof
from zmward.errors import ZmwardError
from zmward.logs.forward import LogFile
from zmward.sources.logging import ARRIVALS

_UNIT = "rsyslog.service"
_LONGEST = 60
_BEHIND = 240
_COMPLAINTS = 4
_TARGETS = 10
_MARK = "zmward test line"


class Arrival(msgspec.Struct, frozen=True):
    """Where a test line is looked for; no door means: nobody can look."""

    door: Door | None
    folder: str
    target: str
    port: int


def listens(door: Door, port: int) -> bool:
    """Say whether a host's rsyslog listens on a port within a while."""
    asked = ("ss", "-Hltnp", f"sport = :{port}")
    return _until(lambda: b'"rsyslogd"' in door.run(asked).out, _LONGEST / 4)


def said(door: Door) -> str:
    """Return what rsyslog complained about last, for messages."""
    asked = ("journalctl", "-t", "rsyslogd", "-p", "warning", "-o", "cat", "-q")
    done = door.run((*asked, "-n", str(_COMPLAINTS)))
    lines = done.out.decode("utf-8", "replace").splitlines()
    return "; ".join(dict.fromkeys(line.strip()[:200] for line in lines if line))


def _unread(door: Door, logs: Sequence[LogFile]) -> list[str]:
    """Return the log files that are there and that rsyslog has not opened."""
    pid = must(
        door.run(("systemctl", "show", "-p", "MainPID", "--value", "--", _UNIT)),
        "systemctl",
        _UNIT,
    ).out.decode()
    done = door.run(("ls", "-l", "--", f"/proc/{pid.strip()}/fd"))
    opened = done.out.decode("utf-8", "replace").splitlines()
    there = [one.path for one in logs if look(door, one.path) is not None]
    return [p for p in there if not any(row.endswith(f" -> {p}") for row in opened)]


def _until(true: Callable[[], bool], seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            return False
        time.sleep(1)
    return True


def _arrived(to: Arrival, mark: str) -> bool:
    if to.door is None:
        return False
    asked = ("grep", "-rqsF", "--", mark, to.folder)
    return not to.door.run(asked).code


def _sent(door: Door) -> str:
    """Write a line to the host's syslog and return by what it is known."""
    mark = f"{_MARK} {secrets.token_hex(8)}"
    argv = ("logger", "-t", "zmward", "-p", "mail.notice", "--", mark)
    must(door.run(argv), "logger", door.name)
    return mark


def arrived(door: Door, to: Arrival, logs: Sequence[LogFile], proof: Proof) -> Proof:
    """Add to a proof whether the files are read, and whether a test line arrives."""
    failing, unknown = list(proof.failing), list(proof.unknown)
    unread: list[str] = []

    def all_read() -> bool:
        unread[:] = _unread(door, logs)
        return not unread

    if not _until(all_read, _LONGEST / 4):
        failing.append(f"rsyslog has not opened {', '.join(unread)}: {said(door)}")
    mark = _sent(door)
    if to.door is None:
        unknown.append(
            f"whether lines arrive: look on the log host for {mark!r}, or say "
            "--seen-by USER@HOST"
        )
    else:
        missing = _looked(door, to, mark)
        failing += missing
        if not missing:
            remember(door, to.target)
    return msgspec.structs.replace(
        proof, failing=tuple(failing), unknown=tuple(unknown)
    )


def remember(door: Door, target: str) -> None:
    """Keep on the host when a test line was last seen at a log host, by its clock."""
    argv = ("date", "-u", "+%Y-%m-%dT%H:%M:%S+00:00")
    when = must(door.run(argv), "date", door.name).out.decode("ascii").strip()
    open_base(door)
    place = str(PurePosixPath(root()) / PurePosixPath(ARRIVALS).name)
    known = read_plain(door, place) if look(door, place) is not None else b""
    lines = known.decode("ascii", "replace").splitlines()
    kept = [line for line in lines if line.partition(" ")[0] != target]
    text = "".join(f"{line}\n" for line in (*kept[-_TARGETS:], f"{target} {when}"))
    mode = Mode(0o600, "root", "root")
    replace_bytes(door, place, text.encode(), mode, token=secrets.token_hex(4))


def _connected(door: Door, to: Arrival) -> bool:
    """Say whether rsyslog talks with the log host."""
    asked = ("ss", "-Htnp", "state", "established", f"dport = :{to.port}")
    return b'"rsyslogd"' in door.run(asked).out


def _looked(door: Door, to: Arrival, mark: str) -> list[str]:
    try:
        if _until(lambda: _arrived(to, mark), _LONGEST):
            return []
        # A first time sends the whole day's files before it.
        if _connected(door, to) and _until(lambda: _arrived(to, mark), _BEHIND):
            return []
    except ZmwardError as error:
        return [f"the log host cannot be looked at: {error}"]
    told = said(door)
    name = to.door.name if to.door else ""
    return [
        f"the test line is not in {to.folder} of {name} after {_LONGEST} s"
        + (f"; rsyslog says: {told}" if told else "")
    ]
