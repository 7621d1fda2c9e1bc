"""What came of a run, for people: what was done, what is proved, what is next."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from zmward.i18n import Speaker, mark
from zmward.reports.plain import plain

SAMPLE = mark("sample server: nothing on this machine is changed")
FATES = {
    "done": mark("done"),
    "undone": mark("taken back"),
    "as-before": mark("already as before"),
    "kept": mark("left alone"),
    "stays": mark("stays"),
    "not-undone": mark("NOT taken back"),
}
_LABEL = 22
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_TWICE = 2
_OPEN = ("FAIL", "UNKNOWN")
_OTHERWISE = mark("for what this plan does not repair")
_NOT_SHOWN = mark("shown by real services only, or not repaired")


class Outcome(msgspec.Struct, frozen=True):
    """What became of one change; `note` says why where that is not plain."""

    change: str
    fate: str
    note: str = ""


class Judged(msgspec.Struct, frozen=True):
    """How a control of the run stands now."""

    control: str
    status: str
    reason: str = ""


class RunReport(msgspec.Struct, frozen=True):
    """What one verb did to one run, or found of it."""

    verb: str
    run: str
    host: str
    sample: bool
    state: str
    changes: tuple[Outcome, ...] = ()
    controls: tuple[Judged, ...] = ()
    failing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    not_restarted: tuple[str, ...] = ()
    confirm_within: int = 0
    lost: tuple[str, ...] = ()


class Way(msgspec.Struct, frozen=True):
    """How the verbs were told which host is meant, so that hints can be typed."""

    host: str = ""
    sample: bool = False

    def typed(self, verb: str, run: str = "") -> str:
        """Return the command line of a verb for the same host."""
        words = ["zmward", *(("--host", self.host) if self.host else ()), verb]
        words += ["--demo"] if self.sample else []
        return plain(" ".join([*words, run] if run else words))


def _row(label: str, text: str) -> str:
    return f"  {label:<{_LABEL}} {plain(text)}"


def _proved(report: RunReport, say: Speaker) -> Iterator[str]:
    good = [c for c in report.controls if c.status in ("PASS", "NOT_APPLICABLE")]
    if report.controls:
        text = say(mark("{good} of {all} controls of the plan pass"))
        words = text.format(good=len(good), all=len(report.controls))
        yield _row(say(mark("verified")), words)
    said = {line.partition(":")[0] for line in (*report.failing, *report.unknown)}
    others = [c for c in report.controls if c.status in _OPEN and c.control not in said]
    for one in others:
        why = one.reason or (_NOT_SHOWN if report.sample else _OTHERWISE)
        yield _row("", f"{one.status} {one.control}: {say(why)}")
    for line in report.failing:
        yield _row(say(mark("still not so")), line)
    for line in report.unknown:
        yield _row(say(mark("could not be verified")), line)


def applied(report: RunReport, way: Way, say: Speaker) -> Iterator[str]:
    """Yield the lines after an apply."""
    if report.sample:
        yield say(SAMPLE)
    if not report.run:
        yield say(
            mark("Everything is already as the plan wants it: nothing was changed.")
        )
        return
    yield f"run {report.run}: {say(mark('applied'))}"
    made = len(report.changes)
    yield _row(
        say(mark("changed")),
        say.number(
            "{count} change, read back", "{count} changes, each read back", made
        ),
    )
    for service in report.not_restarted:
        yield _row(
            say(mark("not restarted")),
            f"{service}: {say(mark('the change works once it is'))}",
        )
    for kept in report.lost:
        yield _row(say(mark("hand-made lines")), kept)
    yield from _proved(report, say)
    if report.confirm_within:
        text = mark("within {seconds} s, from a new login: {command}")
        line = say(text).format(
            seconds=report.confirm_within, command=way.typed("confirm", report.run)
        )
        yield _row(say(mark("keep it")), line)
        yield _row("", say(mark("else all is taken back")))
    yield _row(say(mark("take it back")), way.typed("rollback", report.run))


def rolled_back(report: RunReport, say: Speaker) -> Iterator[str]:
    """Yield the lines after a rollback: one a change, then the sum."""
    if report.sample:
        yield say(SAMPLE)
    for one in report.changes:
        note = f": {plain(say(one.note))}" if one.note else ""
        yield f"{say(FATES[one.fate]):<18} {plain(one.change)}{note}"
    counts = {fate: sum(o.fate == fate for o in report.changes) for fate in FATES}
    sums = ", ".join(f"{n} {say(FATES[fate])}" for fate, n in counts.items() if n)
    yield f"run {report.run}: {sums or say(mark('nothing had been done'))}"


def verified(report: RunReport, say: Speaker) -> Iterator[str]:
    """Yield the lines of a verify: one a control, then what is not so."""
    if report.sample:
        yield say(SAMPLE)
    for one in report.controls:
        reason = f" ({plain(one.reason)})" if one.reason else ""
        yield f"{one.status:<15} {one.control}{reason}"
    for line in report.failing:
        yield f"{say(mark('still not so'))}: {plain(line)}"
    for line in report.unknown:
        yield f"{say(mark('could not be verified'))}: {plain(line)}"


def age(then: str, now: datetime, say: Speaker) -> str:
    """Return how long ago a time was, in its largest unit."""
    try:
        seconds = int((now - datetime.fromisoformat(then)).total_seconds())
    except (ValueError, TypeError):
        return ""
    for length, text in (
        (_DAY, mark("{count} days ago")),
        (_HOUR, mark("{count} hours ago")),
        (_MINUTE, mark("{count} minutes ago")),
    ):
        if seconds >= _TWICE * length:
            return say(text).format(count=seconds // length)
    return say(mark("just now")) if seconds < _MINUTE else say(mark("a minute ago"))


class Row(msgspec.Struct, frozen=True):
    """One run of the history, as far as people ask for it."""

    run: str
    state: str
    steps: int
    when: str
    who: str


_NEXT = {
    "kept": (mark("take it back"), "rollback"),
    "unconfirmed": (mark("keep it, from a new login"), "confirm"),
    "interrupted": (mark("take it back"), "rollback"),
    "rolled back in part": (mark("try again"), "rollback"),
}


def past(rows: Iterable[Row], way: Way, now: datetime, say: Speaker) -> Iterator[str]:
    """Yield the runs, newest first, and below each what can be done about it."""
    empty = True
    if way.sample:
        yield say(SAMPLE)
    for row in rows:
        empty = False
        changes = say.number("{count} change", "{count} changes", row.steps)
        parts = (changes, age(row.when, now, say), row.who)
        about = " · ".join(plain(part) for part in parts if part)
        yield f"{row.run}  {say(row.state):<24} {about}"
        label, verb = _NEXT.get(row.state, ("", ""))
        if verb:
            yield f"    {say(label)}: {way.typed(verb, row.run)}"
        if row.state == "unconfirmed":
            yield f"    {say(_NEXT['kept'][0])}: {way.typed('rollback', row.run)}"
    if empty:
        yield say(mark("No run of zmward is recorded on this host."))
