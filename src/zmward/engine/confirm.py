"""Keeps a run: from a session that began after the change, the switch is removed."""

import os
from pathlib import Path

from zmward.doors.files import look
from zmward.doors.host import Door, Local
from zmward.engine.deadman import disarm
from zmward.engine.journal import Entry, Journal
from zmward.engine.state import Run, plan_of
from zmward.errors import Refused

_ROOT = 1


def _row(process: int) -> tuple[str, int, float]:
    """Return a process's name, parent and start in seconds after the boot."""
    text = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    return name, int(fields[1]), int(fields[19]) / os.sysconf("SC_CLK_TCK")


def session_began() -> float | None:
    """Return when our ssh session began (seconds after the boot), None for none."""
    process = os.getpid()
    found: float | None = None
    while process > _ROOT:
        try:
            name, parent, began = _row(process)
        except (OSError, ValueError):
            return None
        # The youngest sshd above us serves this session alone.
        if name.startswith("sshd") and found is None:
            found = began
        process = parent
    return found


def _since_boot(door: Door, path: str) -> float:
    """Return when a file was written, in seconds after the boot."""
    up = float(Path("/proc/uptime").read_text("utf-8").split()[0])
    now = int(door.run(("date", "+%s")).out)
    written = int(door.run(("stat", "-c", "%Y", "--", path)).out)
    return up - (now - written)


def _judge(door: Door, run: Run, *, console: bool) -> None:
    if not isinstance(door, Local) or console:
        return
    began = session_began()
    if began is None:
        raise Refused(
            "It cannot be seen that you came over ssh after the change. Log in anew "
            "and confirm from there, or say --console if you sit at the machine."
        )
    if began < _since_boot(door, run.script):
        raise Refused(
            "This session was open before the change, so it proves nothing. Log in "
            "anew and confirm from there."
        )


def confirm(door: Door, run: Run, *, console: bool = False) -> None:
    """Keep a run; `door` is a new connection, or this very host."""
    plan_of(door, run)
    journal = Journal(door, run)
    entries = journal.read()
    if look(door, run.fired) is not None or _last(entries) != "applied":
        raise Refused(f"The run {run.id} is not there to be kept: `zmward history`.")
    _judge(door, run, console=console)
    disarm(door, run)
    journal.write("confirmed")


def _last(entries: tuple[Entry, ...]) -> str:
    return entries[-1].what if entries else ""
