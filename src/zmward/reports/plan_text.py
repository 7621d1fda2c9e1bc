"""A plan for people: what would be done, in which order, to whom, and how undone."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.text import Text

from zmward.control import Status
from zmward.finding import Effort
from zmward.i18n import Speaker, mark
from zmward.plan import Left, Plan, Step
from zmward.reports.lines import clipped, hanging, printed
from zmward.reports.plain import plain
from zmward.reports.plan_steps import Steps
from zmward.reports.screen import STYLES
from zmward.reports.words import moment

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
_CONFLICT = "conflict: "
_NEVER = "never planned: "


class _Page:
    """Builds the text, section by section."""

    def __init__(self, plan: Plan, say: Speaker, width: int) -> None:
        self.plan = plan
        self.say = say
        self.width = width

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
            text = self.say(mark("{services}: each once, in this order"))
            named = text.format(services=", ".join(plan.reloads))
            yield from self._row(mark("We restart"), named)
        own = dict.fromkeys(s for step in plan.steps for s in step.restarted)
        if own:
            text = self.say(mark("{services}, by itself"))
            named = text.format(services=", ".join(own))
            yield from self._row(mark("zmconfigd restarts"), named)
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

    def foreseen(self) -> Iterator[Text]:
        if not self.plan.foreseen:
            return
        yield Text()
        title = mark("After this plan, an audit will say")
        yield Text(self.say(title), style="bold underline")
        for row in self.plan.foreseen:
            label = Text(f"  {row.was} → {row.will}", style=STYLES[row.will])
            body = Text(plain(row.control), style="bold")
            reason = plain(self.say(row.reason))
            body.append(f"\n{reason}", style="not bold")
            yield from hanging(label, body, _INDENT, self.width)

    def left(self) -> Iterator[Text]:
        if not self.plan.left:
            return
        yield Text()
        yield Text(self.say(mark("Left out, and why")), style="bold underline")
        for reason, controls, alike in _folded(self.plan.left):
            conflict = reason.startswith(_CONFLICT)
            style = STYLES[Status.FAIL] if conflict else "bold"
            body = Text(", ".join(plain(name) for name in controls), style=style)
            body.append(f"\n{plain(self.say(reason))}", style="none")
            if alike:
                more = mark("(and {count} alike: `--json` has all)")
                body.append(f" {self.say(more).format(count=alike)}", style="none")
            yield from hanging(Text("  •"), body, 4, self.width)

    def lines(self) -> Iterator[Text]:
        yield from self.head()
        for effort, title, _, about in _HEADS:
            yield from self.section(effort, title, about)
        yield from self.foreseen()
        yield from self.left()


def _alike(controls: tuple[str, ...], reason: str) -> tuple[object, ...]:
    """Return what reasons share that differ by the object that they name."""
    own = reason.startswith((_CONFLICT, _NEVER))
    return controls, (reason,) if own else tuple(reason.split(" ", 2)[:2])


def _folded(left: Iterable[Left]) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Yield each reason with its controls and how many are alike, conflicts first."""
    found: dict[str, dict[str, None]] = {}
    for row in left:
        found.setdefault(row.reason, {})[row.control] = None
    kinds: dict[tuple[object, ...], list[tuple[str, tuple[str, ...]]]] = {}
    for reason, names in found.items():
        controls = tuple(names)
        kinds.setdefault(_alike(controls, reason), []).append((reason, controls))
    rows = [(*group[0], len(group) - 1) for group in kinds.values()]
    yield from sorted(rows, key=lambda row: not row[0].startswith(_CONFLICT))


def render(
    plan: Plan,
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
    say: Speaker | None = None,
) -> str:
    """Return the plan as text; `color` adds escape codes."""
    page = _Page(plan, say or Speaker(), max(width, 40))
    return printed(page.lines(), page.width, color=color, encoding=encoding)
