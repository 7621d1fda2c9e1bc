"""Carries a plan out, or leaves the host as it was.

lock → right host → nothing moved → rollback script → switch → each group: look again,
journal, act, read back → sections, units, services → verify. A step that fails, and a
stop that is asked for, take back all that was done.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

import msgspec

from zmward.change import (
    Act,
    Change,
    InstallPackage,
    SetAttr,
    SetLocalConfig,
    SetUnit,
)
from zmward.doors.files import look, read_bytes
from zmward.doors.local_settings import PATH, own_values, read_settings
from zmward.engine.banned import nobody_shut_out
from zmward.engine.confirm import moment
from zmward.engine.cutting import cuts_off
from zmward.engine.deadman import arm, start_timer
from zmward.engine.journal import Journal
from zmward.engine.keeping import expire
from zmward.engine.lock import locked
from zmward.engine.losses import accepted, awake, look_for_losses, remember
from zmward.engine.perform import perform
from zmward.engine.preflight import (
    already,
    nobody_else,
    not_fired,
    permitted,
    right_host,
    unsuspicious,
)
from zmward.engine.present import groups, label, moved
from zmward.engine.proof import prove_values
from zmward.engine.rollback import Taken, take_back
from zmward.engine.run_plan import create
from zmward.engine.services import flush, follow, following
from zmward.engine.site import Site
from zmward.engine.state import Run, digest, keep, kept, new, put
from zmward.engine.undo_script import script
from zmward.engine.verify import Proof
from zmward.errors import (
    Failed,
    Fault,
    Interrupted,
    NotUndone,
    Refused,
    Stale,
    ZmwardError,
)
from zmward.plan import Plan
from zmward.ruleset import LoadRuleset

Prove = Callable[[], Proof]
Suspect = Callable[[], tuple[str, ...]]
_SWITCH = 300
# While the work lasts the switch waits longer; at its end it starts anew. Rules that
# shut the operator out must not do so for longer than they take to be verified.
_WHILE_WORKING = 1800
_WHILE_VERIFYING = 60


class Wish(msgspec.Struct, frozen=True):
    """How to apply: the switch's seconds (0: only where needed), when to restart.

    `despite` means: go on though the host shows signs of compromise; `losses` are
    accepted, each by its path and code.
    """

    confirm_within: int = 0
    restart: Literal["now", "later"] = "now"
    who: str = ""
    despite: bool = False
    losses: tuple[str, ...] = ()


class Applied(msgspec.Struct, frozen=True):
    """What came of it: the run, its proof, and what is left to do."""

    run: str
    proof: Proof | None = None
    confirm_within: int = 0
    later: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def _prepare(
    site: Site, plan: Plan, run: Run, who: str, signs: Sequence[str]
) -> Journal:
    """Leave the rollback on the host before anything is changed."""
    journal = Journal(site.door, run)
    try:
        create(site.door, run, plan)
        text, contents = script(plan, run)
        for content in contents.values():
            keep(site.door, run, content)
        put(site.door, run.script, text.encode(), "0700")
        journal.write("opened", note=who)
        if signs:
            journal.write("despite", note=", ".join(signs))
    except Fault as error:
        raise Refused(f"Nothing was changed: {error}") from error
    return journal


def _settings_before(site: Site, run: Run) -> str:
    """Keep localconfig.xml as it is; return where and with which mode it was."""
    content = read_settings(site.door)
    node = look(site.door, PATH)
    if node is None:
        raise Fault("absent", "no such file", PATH)
    mode = node.mode
    note = f"{keep(site.door, run, content)} {mode.mode:o} {mode.owner} {mode.group}"
    if look(site.door, f"{run.folder}/settings-before") is None:
        put(site.door, f"{run.folder}/settings-before", f"{note}\n".encode())
    elif not _ours(site, run, content):
        _mixed(site, run)
    return note


def _ours(site: Site, run: Run, content: bytes) -> bool:
    """Say whether the file is still as our last step left it."""
    last = f"{run.folder}/settings-after"
    if look(site.door, last) is None:
        return False
    return read_bytes(site.door, last).strip().decode() == digest(content)


def _mixed(site: Site, run: Run) -> None:
    """Tell the script that another hand wrote between our steps: no whole file."""
    if look(site.door, f"{run.folder}/settings-mixed") is None:
        put(site.door, f"{run.folder}/settings-mixed", b"")


def _settings_after(site: Site, run: Run, change: SetLocalConfig, note: str) -> None:
    """Tell the script by which file it knows that nobody but us has written."""
    now = read_settings(site.door)
    old = own_values(kept(site.door, run, note.partition(" ")[0]))
    values = dict(own_values(now))
    if {**old, change.key: None} != {**values, change.key: None}:
        _mixed(site, run)
    name = digest(now)
    site.door.run(("rm", "-f", "--", f"{run.folder}/settings-after"))
    put(site.door, f"{run.folder}/settings-after", f"{name}\n".encode())


def _about(changes: Sequence[Change]) -> str:
    """Name what is about to be changed: attributes behind their one object."""
    own = [change for change in changes if isinstance(change, SetAttr)]
    if own:
        return f"{own[0].target}: {', '.join(c.attribute for c in own)}"
    return ", ".join(label(change) for change in changes)


def _group(
    site: Site, run: Run, journal: Journal, numbers: Sequence[int], plan: Plan
) -> None:
    changes = [plan.steps[n].change for n in numbers]
    not_fired(site.door, run.fired)
    # A package that this very plan installs may have started its own unit.
    new_units = isinstance(changes[0], SetUnit) and any(
        isinstance(step.change, InstallPackage) for step in plan.steps
    )
    gone = () if new_units else moved(site, changes)
    if gone:
        raise Stale(f"changed by another hand meanwhile: {', '.join(gone)}")
    setting = changes[0] if isinstance(changes[0], SetLocalConfig) else None
    note = _settings_before(site, run) if setting else ""
    journal.write("begin", numbers, note)
    site.step(numbers[-1] + 1, len(plan.steps), _about(changes))
    perform(site, changes, run.id)
    if setting:
        _settings_after(site, run, setting, note)
    journal.write("done", numbers)


def _stop(site: Site) -> None:
    if site.stop():
        raise Interrupted("stopped on request")


def _work(
    site: Site, plan: Plan, run: Run, wish: Wish, prove: Prove
) -> tuple[Proof, tuple[str, ...]]:
    journal = Journal(site.door, run)
    numbered = [(n, step.change) for n, step in enumerate(plan.steps)]
    real = [(n, c) for n, c in numbered if not isinstance(c, Act)]
    for numbers in groups(real):
        _stop(site)
        _group(site, run, journal, numbers, plan)
    changes = [change for _, change in numbered]
    flush(site, changes)
    _stop(site)
    work = following(plan, range(len(plan.steps)))
    later: tuple[str, ...] = work.left
    if wish.restart == "later":
        later = (*work.services, *work.left)
        work = msgspec.structs.replace(work, services=())
    follow(site, plan, work, journal, changes)
    for number, change in numbered:
        # Sections are rendered above, once for all.
        if isinstance(change, Act) and change.action != "render":
            _stop(site)
            _group(site, run, journal, (number,), plan)
    _stop(site)
    site.talk("verifying")
    found = prove()
    if found.failing and wish.restart == "now":
        raise Fault("verify", "still not so afterwards", "; ".join(found.failing))
    return found, later


def _failed(site: Site, plan: Plan, run: Run, error: ZmwardError) -> ZmwardError:
    """Take everything back and return the error that tells the whole story."""
    if site.stop() and not isinstance(error, Interrupted):
        # Whoever asked for the stop may have cut off what was being waited for.
        error = Interrupted(f"stopped on request ({error})")
    site.talk(f"{error}: taking back what was done")
    try:
        taken = take_back(site, run, plan)
    except ZmwardError as second:
        return NotUndone(
            f"{error}. It could not be taken back: {second}. When the host answers, "
            f"`zmward rollback {run.id}`, or there `sh {run.script}`."
        )
    if not taken.complete:
        return NotUndone(
            f"{error}. Taken back, but for: {rest(taken)}. Once that is mended: "
            f"`zmward rollback {run.id}`."
        )
    words = f"{error}. All that was done is taken back (run {run.id})."
    stayed = rest(taken)
    if stayed:
        words += f" What stays: {stayed}"
    kind = Interrupted if isinstance(error, Interrupted) else Failed
    return kind(words)


Exit = Callable[
    [type[BaseException] | None, BaseException | None, TracebackType | None], bool
]


def _unless_it_breaks(site: Site, plan: Plan, run: Run) -> Exit:
    """Return what takes all back when zmward itself breaks; the error goes on."""

    def leave(
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        ours = isinstance(error, Exception) and not isinstance(error, ZmwardError)
        if ours:
            site.talk("zmward itself has failed: taking back what was done")
            take_back(site, run, plan)
        return False

    return leave


def rest(taken: Taken) -> str:
    """Name what a rollback left, and why."""
    left = [
        f"{one.name} ({one.note})"
        for one in taken.steps
        if one.fate in {"kept", "stays", "not-undone"}
    ]
    return "; ".join((*left, *taken.failures))


def switch_seconds(wish: Wish, changes: Sequence[Change]) -> int:
    """Return how long the dead man's switch waits at the end; 0: there is none."""
    if wish.confirm_within:
        return wish.confirm_within
    return _SWITCH if cuts_off(changes) else 0


def _arm(
    site: Site, run: Run, journal: Journal, seconds: int, changes: Iterable[Change]
) -> None:
    quick = all(isinstance(change, LoadRuleset) for change in changes)
    try:
        journal.write("armed", note=str(seconds))
        arm(site.door, run, max(seconds, _WHILE_VERIFYING if quick else _WHILE_WORKING))
    except Fault as error:
        raise Refused(f"Nothing was changed: {error}") from error
    except Refused:
        with suppress(Fault):
            journal.write("rolled-back")
        raise


@contextmanager
def _untouched() -> Iterator[None]:
    """Say of what fails before the first change that there was none."""
    try:
        yield
    except Fault as error:
        raise Refused(f"Nothing was changed: {error}") from error


def apply(
    site: Site,
    plan: Plan,
    wish: Wish,
    prove: Prove,
    suspect: Suspect = lambda: (),
) -> Applied:
    """Carry out a plan; whatever goes wrong, the host is as it was, or it is said.

    `suspect` names the controls that show signs of compromise on the host now.
    """
    changes = [step.change for step in plan.steps]
    with _untouched():
        permitted(changes)
        right_host(site.door, plan)
        signs = unsuspicious(plan, suspect(), despite=wish.despite)
    _stop(site)
    with locked(site.door) as lock:
        site.held = lock.check
        with _untouched():
            nobody_else(site.door, changes)
            if already(site, changes):
                return Applied(run="")
            nobody_shut_out(site.door, changes)
            # What cannot be cleared away must not hold up a repair.
            with suppress(Fault):
                expire(site.door, datetime.now(UTC))
            awake(site, plan)
            unseen = look_for_losses(site, plan)
            accepted(unseen, wish.losses)
            prove_values(site, plan, unseen.parameters)
        run = new(datetime.now(UTC))
        journal = _prepare(site, plan, run, wish.who, signs)
        lost = remember(site, run, journal, unseen)
        seconds = switch_seconds(wish, changes)
        if seconds:
            _arm(site, run, journal, seconds, changes)
        with ExitStack() as whatever_happens:
            whatever_happens.push(_unless_it_breaks(site, plan, run))
            try:
                found, later = _work(site, plan, run, wish, prove)
                if seconds:
                    not_fired(site.door, run.fired)
                    start_timer(site.door, run, seconds)
                    # The old timer may have elapsed just before it was stopped.
                    not_fired(site.door, run.fired)
                journal.write("applied", note=moment(site.door))
            except ZmwardError as error:
                raise _failed(site, plan, run, error) from error
    return Applied(run.id, found, seconds, later, lost)
