"""Keeps a run: from a session that began after the change, the switch is removed."""

import os
from pathlib import Path

from zmward.doors.files import look
from zmward.doors.host import Door, Local
from zmward.doors.packet_filter import standing_rules
from zmward.engine.boot_rules import forget_rules, keep_rules
from zmward.engine.deadman import at_work, disarm, postpone
from zmward.engine.journal import Entry, Journal
from zmward.engine.run_plan import plan_of
from zmward.engine.state import Run
from zmward.errors import Refused
from zmward.ruleset import LoadRuleset, Rules

_ROOT = 1
_WHILE_KEEPING = 300
_BOOT = "/proc/sys/kernel/random/boot_id"
_UPTIME = "/proc/uptime"


def _row(process: int) -> tuple[str, int, float]:
    """Return a process's name, parent and start in seconds after the boot."""
    text = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    return name, int(fields[1]), int(fields[19]) / os.sysconf("SC_CLK_TCK")


def session_began() -> float | None:
    """Return when our ssh session began (seconds after the boot), None for none."""
    process = os.getpid()
    found: list[float] = []
    while process > _ROOT:
        try:
            name, parent, began = _row(process)
        except (OSError, ValueError):
            return None
        if name.startswith("sshd"):
            found.append(began)
        process = parent
    # The last one listens for everybody; the one below it began with the connection,
    # before anybody had logged in.
    return found[-2] if len(found) > 1 else next(iter(found), None)


def moment(door: Door) -> str:
    """Return the host's boot and the seconds since, which no clock can move."""
    words = [door.run(("cat", "--", path)).out.split() for path in (_BOOT, _UPTIME)]
    return " ".join(found[0].decode() for found in words if found)


def proves(applied: str, boot: str, began: float) -> bool:
    """Say whether a session began after the moment at which a run was applied."""
    its_boot, _, seconds = applied.partition(" ")
    if its_boot and its_boot != boot:
        return True
    try:
        return bool(its_boot) and began > float(seconds)
    except ValueError:
        return False


def _judge(door: Door, applied: str, *, console: bool) -> None:
    if not isinstance(door, Local) or console:
        return
    began = session_began()
    if began is None:
        raise Refused(
            "It cannot be seen that you came over ssh after the change. Log in anew "
            "and confirm from there, or say --console if you sit at the machine."
        )
    if not proves(applied, moment(door).partition(" ")[0], began):
        raise Refused(
            "This session was open before the change, so it proves nothing. Log in "
            "anew and confirm from there."
        )


def confirm(door: Door, run: Run, *, console: bool = False) -> None:
    """Keep a run; `door` is a new connection, or this very host."""
    plan = plan_of(door, run)
    journal = Journal(door, run)
    entries = journal.read()
    if look(door, run.fired) is not None or _last(entries) != "applied":
        raise Refused(f"The run {run.id} is not there to be kept: `zmward history`.")
    _judge(door, entries[-1].note, console=console)
    rules = [s.change for s in plan.steps if isinstance(s.change, LoadRuleset)]
    if rules:
        # Keeping takes its time, and is not to meet the switch.
        postpone(door, run, _WHILE_KEEPING)
        _not_taken_back(door, run)
    # Before the mark: whoever dies here leaves the switch, and it takes all back.
    for change in rules:
        if change.after is not None:
            _still_loaded(door, run, change.after)
            keep_rules(door, run, change.after)
    if not journal.mark_confirmed():
        if rules:
            forget_rules(door, run)
        raise _faster(run)
    # A switch that is left sees the mark, and removes itself.
    disarm(door, run)


def _not_taken_back(door: Door, run: Run) -> None:
    if look(door, run.fired) is not None or at_work(door, run):
        raise _faster(run)


def _faster(run: Run) -> Refused:
    return Refused(
        f"The switch of {run.id} was faster: the run is being taken back now. "
        "See `zmward history`."
    )


def _still_loaded(door: Door, run: Run, rules: Rules) -> None:
    """Refuse to keep what nobody has seen working: others may have reloaded theirs."""
    if standing_rules(door, rules) != rules:
        raise Refused(
            f"What is loaded now is not what {run.id} has loaded: another hand has "
            "changed it since, so nobody has seen it at work. Nothing is kept, and its "
            f"switch takes it back; `zmward rollback {run.id}` does so at once."
        )


def _last(entries: tuple[Entry, ...]) -> str:
    return entries[-1].what if entries else ""
