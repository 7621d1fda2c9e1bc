"""Takes a run back: newest first, then renders, reloads and restarts what read it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import msgspec

from zmward.change import Change, Mode, SetLocalConfig
from zmward.engine.deadman import at_work, disarm, postpone
from zmward.engine.flags import lower, outstanding
from zmward.engine.history import taken_back
from zmward.engine.journal import Entry, Journal, begun, noted
from zmward.engine.losses import remind
from zmward.engine.present import groups, label
from zmward.engine.run_plan import plan_of
from zmward.engine.services import Work, flush, following, reload, render, restart
from zmward.engine.site import Site
from zmward.engine.state import Run, kept
from zmward.engine.undo import Settings, Undone, undo
from zmward.errors import Fault, NotUndone, Unreachable, ZmwardError
from zmward.plan import Plan
from zmward.ruleset import LoadRuleset

_WHILE_WORKING = 1800
# Rules may shut the operator out, so that nobody else would end it.
_WHILE_UNLOADING = 300


class Taken(msgspec.Struct, frozen=True):
    """What became of a rollback: each step's fate, and what failed after them."""

    steps: tuple[Undone, ...]
    failures: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Say whether nothing failed; what another hand changed is no failure."""
        return not self.failures and all(s.fate != "not-undone" for s in self.steps)


def _note(journal: Journal, undone: Sequence[Undone]) -> None:
    """Write down what happened; a full disk must not stop a rollback."""
    for one in undone:
        what = one.fate if one.fate != "as-before" else "undone"
        try:
            journal.write(what, (one.step,), one.note)
        except Fault:
            return


def _settings(
    site: Site, run: Run, entries: Iterable[Entry], step: int
) -> Settings | None:
    """Return localconfig.xml as it was before a step."""
    for entry in entries:
        if entry.what == "begin" and step in entry.steps and entry.note:
            name, mode, owner, group = entry.note.split()
            content = kept(site.door, run, name)
            return Settings(content, Mode(int(mode, 8), owner, group))
    return None


def _group(
    site: Site, run: Run, entries: Sequence[Entry], steps: Sequence[tuple[int, Change]]
) -> tuple[Undone, ...]:
    old = None
    number, change = steps[0]
    if isinstance(change, SetLocalConfig):
        try:
            old = _settings(site, run, entries, number)
        except (Fault, ValueError):
            old = None
    return undo(site, steps, run.id, old)


def _work(plan: Plan, entries: Sequence[Entry], undone: Iterable[Undone]) -> Work:
    """Return what must read the old values again, of what has read the new ones."""
    back = [one.step for one in undone if one.fate in {"undone", "not-undone"}]
    work = following(plan, back)
    restarted = noted(entries, "restart")
    rendered = {word for note in noted(entries, "render") for word in note.split()}
    return Work(
        sections=tuple(s for s in work.sections if s in rendered),
        units=work.units,
        services=tuple(s for s in work.services if s in restarted),
        left=tuple(s for s in work.services if s not in restarted),
    )


def _tried(act: Callable[[], None]) -> tuple[str, ...]:
    try:
        act()
    except Unreachable:
        raise
    except ZmwardError as error:
        return (str(error),)
    return ()


def _follow(site: Site, work: Work) -> Iterator[str]:
    """Do what must follow; what fails is said, and the rest goes on."""
    yield from _tried(lambda: render(site, work.sections, {}))
    for unit in work.units:
        yield from _tried(partial(reload, site, (unit,)))
    for name in work.services:
        yield from _tried(partial(restart, site, name))


def _alone(site: Site, run: Run, plan: Plan) -> None:
    """Keep the switch from taking back beside us; one that has begun is let end."""
    quick = all(isinstance(step.change, LoadRuleset) for step in plan.steps)
    try:
        postpone(site.door, run, _WHILE_UNLOADING if quick else _WHILE_WORKING)
    except Fault as error:
        site.talk(f"the switch cannot be postponed: {error}")
    if at_work(site.door, run):
        site.talk("the switch is taking the run back: waiting for its end")
        site.wait(lambda: not at_work(site.door, run), _WHILE_WORKING, 2)


def take_back(site: Site, run: Run, plan: Plan) -> Taken:
    """Take back every step that may have been carried out; nobody else is working."""
    site.held()
    site.undisturbed()
    site.going_back = True
    journal = Journal(site.door, run)
    entries, damaged = journal.read(), journal.damaged()
    armed = damaged or any(entry.what == "armed" for entry in entries)
    if armed:
        _alone(site, run, plan)
    try:
        journal.write("rollback")
    except Fault as error:
        site.talk(f"the journal cannot be written: {error}")
    if damaged:
        site.talk("the journal is damaged: every step is looked at")
    changes = _every(plan) if damaged else _begun(plan, entries)
    fates: list[Undone] = []
    by_number = dict(changes)
    for numbers in groups(changes):
        site.held()
        steps = [(n, by_number[n]) for n in numbers]
        site.talk(f"taking back {_names(steps)}")
        undone = _group(site, run, entries, steps)
        _note(journal, undone)
        fates += undone
    flush(site, by_number.values())
    remind(site, run, entries)
    failures = _tried(lambda: lower(site.door, run, outstanding(site.door, run)))
    work = _work(plan, entries, fates)
    failures += tuple(_follow(site, work))
    for name in work.left:
        site.talk(f"not restarted, as the run has not either: {name}")
    taken = Taken(tuple(fates), failures)
    _close(site, run, journal, taken, armed=armed)
    return taken


def _names(steps: Iterable[tuple[int, Change]]) -> str:
    return ", ".join("/".join(change.place[1:]) for _, change in steps)


def _close(
    site: Site, run: Run, journal: Journal, taken: Taken, *, armed: bool
) -> None:
    # First the mark: a switch that is left sees it, and removes itself.
    try:
        journal.write("rolled-back" if taken.complete else "incomplete")
    except Fault as error:
        site.talk(f"the journal cannot be written: {error}")
    if taken.complete and armed:
        disarm(site.door, run)


def roll_back(site: Site, run: Run) -> Taken:
    """Take back a run by its id; the caller holds the lock."""
    plan = plan_of(site.door, run)
    if taken_back(site.door, run):
        # A later run may have written the same values: those are not ours any more.
        site.talk(f"the run {run.id} is taken back already")
        return Taken(_before(plan, Journal(site.door, run).read()))
    try:
        return take_back(site, run, plan)
    except Unreachable as error:
        raise NotUndone(
            f"{error}. Perhaps only a part is taken back. When the host answers, "
            f"`zmward rollback {run.id}` again, or there `sh {run.script}`."
        ) from error


def _before(plan: Plan, entries: Iterable[Entry]) -> tuple[Undone, ...]:
    return tuple(Undone(n, label(c), "as-before") for n, c in _begun(plan, entries))


def _every(plan: Plan) -> list[tuple[int, Change]]:
    return [(n, step.change) for n, step in enumerate(plan.steps)][::-1]


def _begun(plan: Plan, entries: Iterable[Entry]) -> list[tuple[int, Change]]:
    """Return what was begun; a damaged journal may name steps that do not exist."""
    steps = dict(enumerate(plan.steps))
    return [(n, steps[n].change) for n in begun(entries) if n in steps]
