"""How long old contents are kept, and the way out of a run that cannot be taken back.

applied … taken back or kept  →  90 days  →  contents removed, the journal stays
not taken back                →  abandoned by name  →  moved whole to the archive
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec

from zmward.doors.files import look, must
from zmward.doors.host import Door
from zmward.engine.deadman import at_work, disarm
from zmward.engine.flags import lower, outstanding
from zmward.engine.history import ENDED, EXPIRED, past
from zmward.engine.journal import Entry, Journal, begun
from zmward.engine.present import label
from zmward.engine.run_plan import plan_of
from zmward.engine.state import Run, archive, forget, root, runs
from zmward.errors import Fault, Refused, Usage, ZmwardError

KEPT_DAYS = 90
# What holds contents, or is worth nothing without them.
_CONTENTS = (
    *("store", "plan.json", "rollback.sh", "fired", "flags"),
    *("settings-before", "settings-after", "settings-mixed"),
)


def _today(door: Door, now: datetime) -> datetime:
    """Return the earlier of two clocks: one that runs ahead must remove nothing."""
    said = must(door.run(("date", "+%s")), "date", door.name).out
    return min(now, datetime.fromtimestamp(int(said), UTC))


def _ended(state: str) -> bool:
    return state in ENDED or state.endswith(EXPIRED)


def _last(door: Door, run: Run, entries: Iterable[Entry]) -> datetime | None:
    """Return the later of two clocks: who worked from a machine of 1970 did so now."""
    written = door.run(("stat", "-c", "%Y", "--", run.journal))
    try:
        said = max(datetime.fromisoformat(entry.at) for entry in entries)
        return max(said, datetime.fromtimestamp(int(written.out), UTC))
    except (ValueError, TypeError, OverflowError):
        return None


def _over(door: Door, base: str, before: datetime) -> Iterator[Run]:
    """Yield the runs that were over at a moment."""
    for run in runs(door, base):
        last = _last(door, run, Journal(door, run).read())
        if last is None or last > before:
            continue
        if base == archive() or _ended(past(door, run).state):
            yield run


def expire(door: Door, now: datetime, days: int = KEPT_DAYS) -> None:
    """Remove the old contents of runs that were over long ago; the journals stay."""
    before = _today(door, now) - timedelta(days=days)
    for base in (root(), archive()):
        for run in _over(door, base, before):
            row = past(door, run)
            if not row.state.endswith(EXPIRED):
                note = f"{row.steps} {row.state}"
                Journal(door, run).write("expired", note=note)
            # What died half way through this is done again, and has no more to do.
            if look(door, run.plan) is not None or look(door, f"{run.folder}/store"):
                paths = (f"{run.folder}/{name}" for name in _CONTENTS)
                must(door.run(("rm", "-rf", "--", *paths)), "remove", run.folder)


def forget_older(door: Door, now: datetime, days: int) -> tuple[str, ...]:
    """Remove everything of runs that were over so many days ago; return their names."""
    before = _today(door, now) - timedelta(days=days)
    found = tuple(_over(door, root(), before))
    for run in found:
        forget(door, run)
    return tuple(run.id for run in found)


def forget_one(door: Door, run: Run) -> None:
    """Remove what is kept of a run that is over."""
    state = past(door, run).state
    if not _ended(state):
        raise Refused(
            f"The run {run.id} is {state}: it is not over. Take it back, or confirm "
            "it. If that cannot be done, --even-though-not-taken-back puts it aside."
        )
    forget(door, run)


def stays_changed(door: Door, run: Run) -> tuple[str, ...]:
    """Name what a run has begun and nobody has taken back."""
    if look(door, run.folder) is None:
        raise Usage(f"There is no run {run.id} here: `zmward history` lists them.")
    entries = Journal(door, run).read()
    over = {n for e in entries if e.what in {"undone", "kept"} for n in e.steps}
    left = [number for number in begun(entries) if number not in over]
    try:
        steps = dict(enumerate(plan_of(door, run).steps))
    except ZmwardError:
        steps = {}
    return tuple(
        label(steps[n].change) if n in steps else f"step {n + 1} of a plan that is lost"
        for n in reversed(left)
    )


def _require_rest(door: Door, run: Run) -> None:
    """Refuse while a switch works: it would go on without the old contents."""
    if at_work(door, run):
        raise Refused(
            f"The switch of {run.id} is taking it back now: look again when it has "
            "ended, with `zmward history`; `systemctl list-units 'zmward-*'` names it."
        )


def abandon(door: Door, run: Run, who: str) -> str:
    """Put aside a run that was not taken back; return where it lies then.

    Its switch is removed, so that nothing takes it back by itself any more.
    """
    _require_rest(door, run)
    # A disk that is full, or read-only, must not hold this up: it is a way out.
    with suppress(Fault):
        lower(door, run, outstanding(door, run))
    # Before the switch goes: one that is left sees the mark, and removes itself.
    with suppress(Fault):
        Journal(door, run).write("abandoned", note=who)
    disarm(door, run)
    _require_rest(door, run)
    aside = msgspec.structs.replace(run, base=archive())
    for folder in (archive(), f"{archive()}/runs"):
        must(door.run(("mkdir", "-p", "-m", "0700", "--", folder)), "mkdir", folder)
    words = ("mv", "-T", "--", run.folder, aside.folder)
    must(door.run(words), "move", run.folder)
    return aside.folder
