"""A plan for people: what would be done, in which order, to whom, and how undone."""

from collections.abc import Iterator
from itertools import groupby

from rich.text import Text

from zmward.control import Status
from zmward.finding import Effort
from zmward.i18n import Speaker, mark
from zmward.plan import Plan, Step
from zmward.reports.lines import clipped, hanging, printed
from zmward.reports.plain import plain
from zmward.reports.plan_left import Rest
from zmward.reports.plan_steps import Steps
from zmward.reports.screen import STYLES
from zmward.reports.times import moment

_INDENT = 21
_HEADS: tuple[tuple[Effort, str, str, str], ...] = (
    (
        "safe",
        mark("Safe now"),
        mark("safe now"),
        mark("no restart that users notice, nobody is shut out"),
    ),
    (
        "window",
        mark("Needs a window"),
        mark("in a window"),
        mark("services restart"),
    ),
    (
        "decision",
        mark("Needs your decision"),
        mark("for you to decide"),
        mark("somebody may be shut out: read who"),
    ),
)


class _Page:
    """Builds the text, section by section."""

    def __init__(
        self, plan: Plan, say: Speaker, width: int, *, everything: bool
    ) -> None:
        self.plan = plan
        self.say = say
        self.width = width
        self.everything = everything

    def _row(self, label: str, text: str, style: str = "bold") -> Iterator[Text]:
        head = Text(f"{self.say(label)} ", style=style)
        yield from hanging(head, Text(text), _INDENT, self.width)

    def _counts(self) -> str:
        steps = self.plan.steps
        parts = []
        for effort, _, word, _ in _HEADS:
            count = sum(step.effort == effort for step in steps)
            if count:
                parts.append(f"{count} {self.say(word)}")
        return f"{len(steps)}: {', '.join(parts)}" if parts else "0"

    def _hurt(self) -> str:
        steps = self.plan.steps
        if not any(step.affects for step in steps):
            return self.say(mark("nobody, as far as zmward knows"))
        count = sum(bool(step.affects) for step in steps)
        one = mark("read who: {count} change can shut somebody out")
        many = mark("read who: {count} changes can shut somebody out")
        return self.say.number(one, many, count)

    def head(self) -> Iterator[Text]:
        plan = self.plan
        line = Text(plain(plan.host.name), style="bold")
        version = plan.host.zimbra or self.say(mark("version not known"))
        line.append(f" · Zimbra {plain(version)} · {moment(plan.when)}", "not bold")
        yield clipped(line, self.width)
        yield from self._row(mark("Changes"), self._counts())
        if plan.signs:
            text = self.say(mark("{controls}: look first, apply refuses"))
            named = text.format(controls=", ".join(map(plain, plan.signs)))
            label = mark("Signs of compromise")
            yield from self._row(label, named, STYLES[Status.FAIL])
        if plan.reloads:
            several = mark("{services}: each once, in this order")
            one = mark("{services}, once at the end")
            text = self.say(several if len(plan.reloads) > 1 else one)
            named = text.format(services=", ".join(plan.reloads))
            yield from self._row(mark("We restart"), named)
        own = dict.fromkeys(s for step in plan.steps for s in step.restarted)
        if own:
            text = self.say(mark("{services}, by itself"))
            named = text.format(services=", ".join(own))
            yield from self._row(mark("zmconfigd restarts"), named)
        yield from self._row(mark("Can hurt"), self._hurt())
        nodes = dict.fromkeys(node for step in plan.steps for node in step.reaches)
        if nodes:
            text = f"{len(nodes)}: {', '.join(plain(node) for node in nodes)}"
            yield from self._row(mark("Nodes reached"), text)
        if plan.hosts_missing:
            names = ", ".join(plain(node) for node in plan.hosts_missing)
            text = f"{len(plan.hosts_missing)}: {names}"
            style = STYLES[Status.UNKNOWN]
            yield from self._row(mark("Nodes not seen"), text, style)
        yield Text(self.say(mark("Nothing has been changed: this only shows.")))
        if plan.steps:
            who = mark("zmprov and zmlocalconfig run as user zimbra, the rest as root.")
            yield Text(self.say(who))
            yield Text(self.say(mark("Numbers say in which order it is done.")))

    def section(self, effort: Effort, title: str, about: str) -> Iterator[Text]:
        numbered = enumerate(self.plan.steps, 1)
        chosen = [(n, step) for n, step in numbered if step.effort == effort]
        if not chosen:
            return
        yield Text()
        line = Text(self.say(title), style="bold underline")
        line.append(f" · {self.say(about)}", style="not bold not underline")
        yield clipped(line, self.width)
        writer = Steps(self.say, self.width)

        def served(row: tuple[int, Step]) -> tuple[str, ...]:
            return row[1].controls

        for _, group in groupby(sorted(chosen, key=served), served):
            yield from writer.group(group)

    def _next(self) -> Iterator[Text]:
        text = mark("Keep it with --output FILE, then: `zmward apply FILE`.")
        yield from hanging(Text(), Text(self.say(text), style="bold"), 0, self.width)

    def lines(self) -> Iterator[Text]:
        yield from self.head()
        for effort, title, _, about in _HEADS:
            yield from self.section(effort, title, about)
        rest = Rest(self.say, self.width, everything=self.everything)
        yield from rest.foreseen(self.plan.foreseen)
        yield from rest.left(self.plan.left)
        if self.plan.steps:
            yield Text()
            yield from self._next()


def render(
    plan: Plan,
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
    say: Speaker | None = None,
    everything: bool = False,
) -> str:
    """Return the plan as text; `color` adds escape codes, `everything` unfolds."""
    page = _Page(plan, say or Speaker(), max(width, 40), everything=everything)
    return printed(page.lines(), page.width, color=color, encoding=encoding)
