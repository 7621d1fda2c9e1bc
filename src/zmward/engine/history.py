"""What zmward did on a host: one row a run, read from the journals."""

from collections.abc import Iterable

import msgspec

from zmward.doors.files import look, read_bytes
from zmward.doors.host import Door
from zmward.engine.journal import Entry, Journal, state
from zmward.engine.run_plan import plan_of
from zmward.engine.state import Run, runs
from zmward.errors import ZmwardError

_STATES = {
    "applied": "kept",
    "confirmed": "kept",
    "rolled-back": "rolled back",
    "incomplete": "rolled back in part",
    "opened": "nothing done",
}
# Nothing can be gone on with; what is kept of these ends some day.
ENDED = ("kept", "rolled back", "rolled back by its switch", "nothing done", "damaged")
EXPIRED = ", old contents removed"
# Something may still have to be taken back.
_OPEN = ("interrupted", "unconfirmed", "rolled back in part")


class Past(msgspec.Struct, frozen=True):
    """One run: when, by whom, how much, and how it ended."""

    run: str
    when: str
    who: str
    steps: int
    controls: tuple[str, ...]
    state: str


def _state(door: Door, run: Run, entries: tuple[Entry, ...]) -> str:
    found = state(entries)
    # A run that we took back ourselves after its switch failed is taken back.
    if look(door, run.fired) is not None and found != "rolled-back":
        return _fired(door, run)
    armed = any(entry.what == "armed" for entry in entries)
    if found == "applied" and armed:
        return "unconfirmed"
    if found == "opened" and armed:
        return "interrupted"
    return _STATES.get(found, "interrupted")


def _fired(door: Door, run: Run) -> str:
    """Return how far the switch came: its count of failures is its last word."""
    if look(door, f"{run.fired}/failed") is None:
        return "interrupted"
    failed = read_bytes(door, f"{run.fired}/failed").strip() != b"0"
    return "rolled back in part" if failed else "rolled back by its switch"


def taken_back(door: Door, run: Run) -> bool:
    """Say whether a run is taken back whole, by us or by its switch."""
    entries = Journal(door, run).read()
    found = state(entries)
    if found == "applied" and look(door, run.fired) is not None:
        return _fired(door, run) == "rolled back by its switch"
    return found == "rolled-back"


def past(door: Door, run: Run) -> Past:
    """Return the row of one run; a damaged one says so."""
    entries = Journal(door, run).read()
    first = entries[0] if entries else None
    expired = next((e for e in reversed(entries) if e.what == "expired"), None)
    if first and expired:
        steps, _, how = expired.note.partition(" ")
        number = int(steps) if steps.isdecimal() else 0
        return Past(run.id, first.at, first.note, number, (), f"{how}{EXPIRED}")
    try:
        plan = plan_of(door, run)
    except ZmwardError:
        # What was begun can still be taken back by the script.
        open_run = any(entry.what == "begin" for entry in entries)
        words = _state(door, run, entries) if open_run else "damaged"
        return Past(run.id, "", "", 0, (), words)
    controls = dict.fromkeys(c for step in plan.steps for c in step.controls)
    return Past(
        run=run.id,
        when=first.at if first else "",
        who=first.note if first else "",
        steps=len(plan.steps),
        controls=tuple(controls),
        state=_state(door, run, entries),
    )


def history(door: Door) -> tuple[Past, ...]:
    """Return all runs, newest first."""
    return tuple(past(door, run) for run in reversed(runs(door)))


def unfinished(door: Door) -> str:
    """Return a run that somebody must confirm or take back; empty: none."""
    return next((row.run for row in history(door) if row.state in _OPEN), "")


def text(rows: Iterable[Past]) -> str:
    """Return the rows for people."""
    lines = [
        f"{row.run}  {row.state:<24} {row.steps:>3} changes  {row.when}  {row.who}"
        for row in rows
    ]
    return "\n".join(lines or ["No run of zmward is recorded on this host."]) + "\n"
