"""A plan in a few lines, for whoever is about to say yes to it."""

from collections.abc import Iterable, Iterator

from zmward.change import InstallPackage
from zmward.finding import Effort
from zmward.i18n import Speaker, mark
from zmward.plan import Plan, Step
from zmward.reports.plain import plain
from zmward.reports.run_words import SAMPLE

_LABEL = 18
_FEW = 4
_NOBODY = ("None", "Nobody")
_EFFORTS: tuple[tuple[Effort, str], ...] = (
    ("safe", mark("safe now")),
    ("window", mark("in a window")),
    ("decision", mark("somebody can be shut out")),
)


def _row(label: str, text: str) -> str:
    return f"  {label:<{_LABEL}} {plain(text)}"


def _counts(plan: Plan, say: Speaker) -> str:
    counts = ((sum(s.effort == e for s in plan.steps), w) for e, w in _EFFORTS)
    parts = ", ".join(f"{count} {say(word)}" for count, word in counts if count)
    return f"{len(plan.steps)}: {parts}"


def _own(steps: tuple[Step, ...]) -> str:
    return ", ".join(dict.fromkeys(s for step in steps for s in step.restarted))


def _restarts(plan: Plan, say: Speaker, *, later: bool) -> Iterator[str]:
    if plan.reloads:
        when = mark("by you, later") if later else mark("once each, at the end")
        yield _row(say(mark("restart")), f"{', '.join(plan.reloads)} ({say(when)})")
    own = _own(plan.steps)
    if own:
        yield _row(say(mark("zmconfigd restarts")), own)
    if not plan.reloads and not own:
        yield _row(say(mark("restart")), say(mark("nothing")))


def _few(label: str, texts: Iterable[str], say: Speaker) -> Iterator[str]:
    """Yield the first texts below one label, and how many more there are."""
    texts = list(texts)
    for number, text in enumerate(texts[:_FEW]):
        yield _row("" if number else label, text)
    if len(texts) > _FEW:
        more = mark("and {count} more: read the plan")
        yield _row("", say(more).format(count=len(texts) - _FEW))


def _counted(plan: Plan, say: Speaker) -> Iterator[str]:
    """Yield who was seen to be affected, the most of them first."""
    most: dict[str, int] = {}
    for step in plan.steps:
        for row in step.hurts:
            if row.count:
                most[row.who] = max(most.get(row.who, 0), row.count)
    for who, count in sorted(most.items(), key=lambda pair: -pair[1]):
        yield f"{say(who)}: {count}"


def _affected(plan: Plan, say: Speaker) -> Iterator[str]:
    """Name who can be hurt, then what users will notice, a few of each."""
    hurt = dict.fromkeys(text for step in plan.steps for text in step.affects)
    words = [say(text) for text in hurt] or [say(mark("nobody"))]
    yield from _few(say(mark("can hurt")), words, say)
    yield from _few(say(mark("counted")), _counted(plan, say), say)
    texts = dict.fromkeys(text for step in plan.steps for text in step.impact)
    noticed = [say(text) for text in texts if not text.startswith(_NOBODY)]
    yield from _few(say(mark("users will notice")), noticed, say)


def _way_back(plan: Plan, seconds: int, say: Speaker) -> Iterator[str]:
    text = mark("zmward rollback RUN; the same as a shell script lies on the host")
    yield _row(say(mark("way back")), say(text))
    stays = [
        s.change.package for s in plan.steps if isinstance(s.change, InstallPackage)
    ]
    if stays:
        words = say(mark("stay installed all the same: {names}"))
        yield _row("", words.format(names=", ".join(stays)))
    label = say(mark("dead man's switch"))
    if seconds:
        text = mark("armed: without zmward confirm within {count} s all is taken back")
        yield _row(label, say(text).format(count=seconds))
    else:
        text = mark("none: nothing here can cut you off; --confirm-within S sets one")
        yield _row(label, say(text))


def summary(
    plan: Plan,
    host: str,
    seconds: int,
    *,
    later: bool = False,
    sample: bool = False,
    say: Speaker | None = None,
) -> Iterator[str]:
    """Yield the lines: how much, where, what restarts, who notices, the way back."""
    say = say or Speaker()
    if sample:
        yield say(SAMPLE)
    yield plain(f"{plan.host.name} ({host}) · Zimbra {plan.host.zimbra}")
    yield _row(say(mark("changes")), _counts(plan, say))
    nodes = tuple(dict.fromkeys(node for step in plan.steps for node in step.reaches))
    if len(nodes) > 1:
        yield _row(say(mark("reaches")), ", ".join(nodes))
    yield from _restarts(plan, say, later=later)
    yield from _affected(plan, say)
    yield from _way_back(plan, seconds, say)
