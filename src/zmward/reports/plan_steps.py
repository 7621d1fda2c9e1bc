"""One step of a plan for people: what changes, the very command, and the way back."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from zmward.affected import FEW_DAYS, Affected
from zmward.catalog.triggers import SECTIONS
from zmward.change import (
    SECRET,
    FileText,
    InstallPackage,
    Mode,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    UnitState,
    WriteFile,
)
from zmward.i18n import Speaker, mark
from zmward.plan import Step
from zmward.reports.lines import hanging
from zmward.reports.plain import command, plain
from zmward.reports.plan_json import attribute
from zmward.ruleset import LoadRuleset, Rules

_DETAIL = 8
_LABEL = 6
_STYLES = {"-": "red", "+": "green", "@": "cyan"}
_UNSET = mark("(not set here: what is inherited is in force)")
_EMPTY = mark("(empty)")
_NO_PACKAGE = mark("(not installed)")
_PACKAGE = mark("installed, with what it needs")
_NO_FILE = mark("(no such file)")
_LONGEST = 4000
_HUNK = re.compile(r"@@ -([0-9]+)")
Numbered = Sequence[tuple[int, Step]]


def _state(state: UnitState) -> str:
    enabled = "enabled" if state.enabled else "disabled"
    return f"{enabled}, {'running' if state.active else 'stopped'}"


def _mode(mode: Mode | FileText) -> str:
    return f"{mode.mode:04o} {mode.owner}:{mode.group}"


def _text(file: FileText | None) -> str:
    """Return what of a file may be shown."""
    return "" if file is None else SECRET if file.secret else file.text


def _rules(rules: Rules | None) -> str:
    return "" if rules is None else "".join(rules.texts)


def _unified(old: str, new: str) -> Iterator[str]:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm="")
    for number, line in enumerate(lines):
        found = _HUNK.match(line)
        if found and old and new:
            yield f"@ line {found[1]}"
        elif number > 1 and not found:
            yield line


def _same(step: Step) -> tuple[object, ...]:
    """Return what steps share that are shown as one."""
    change = step.change
    if not isinstance(change, SetAttr):
        return (step.id,)
    told = (step.renders, step.restarted, step.restarts, step.reaches, step.hurts)
    return change.attribute, change.before, change.after, told


def _together(steps: Numbered) -> Iterator[Numbered]:
    found: dict[tuple[object, ...], list[tuple[int, Step]]] = {}
    for number, step in steps:
        found.setdefault(_same(step), []).append((number, step))
    yield from found.values()


class Steps:
    """Writes steps below a group's heading."""

    def __init__(self, say: Speaker, width: int) -> None:
        self.say = say
        self.width = width

    def _row(self, text: str, style: str = "") -> Iterator[Text]:
        yield from hanging(Text(), Text(text, style=style), _DETAIL, self.width)

    def _values(self, change: SetAttr | SetLocalConfig | SetParameter) -> Iterator[str]:
        old: tuple[str, ...]
        new: tuple[str, ...]
        if isinstance(change, SetLocalConfig | SetParameter):
            old = () if change.before is None else (change.before,)
            new = () if change.after is None else (change.after,)
        else:
            old, new = change.before or (), change.after or ()
        if not old:
            yield f"- {self.say(_UNSET)}"
        empty = self.say(_EMPTY)
        yield from (f"- {value or empty}" for value in old if value not in new)
        kept = sum(value in new for value in old)
        if kept:
            yield "  " + self.say.number("{count} value stays", "{count} stay", kept)
        yield from (f"+ {value or empty}" for value in new if value not in old)
        if not new:
            yield f"+ {self.say(_UNSET)}"

    def _file(self, change: WriteFile) -> Iterator[str]:
        old, new = change.before, change.after
        same = old is not None and new is not None and _mode(old) == _mode(new)
        if not same:
            yield f"- {_mode(old) if old else self.say(_NO_FILE)}"
            yield f"+ {_mode(new) if new else self.say(_NO_FILE)}"
        yield from _unified(_text(old), _text(new))

    def _difference(self, step: Step) -> Iterator[str]:
        match step.change:
            case SetAttr() | SetLocalConfig() | SetParameter():
                yield from self._values(step.change)
            case WriteFile():
                yield from self._file(step.change)
            case SetCrontab(before=old, after=new):
                yield from _unified(old or "", new or "")
            case SetMode(before=old, after=new):
                yield from (f"- {_mode(old)}", f"+ {_mode(new)}")
            case SetUnit(before=old, after=new):
                yield from (f"- {_state(old)}", f"+ {_state(new)}")
            case LoadRuleset(before=old, after=new):
                yield from _unified(_rules(old), _rules(new))
            case InstallPackage():
                yield f"- {self.say(_NO_PACKAGE)}"
                yield f"+ {self.say(_PACKAGE)}"

    def _consequences(self, step: Step) -> Iterator[str]:
        nodes = ", ".join(plain(node) for node in step.reaches)
        files = [f for name in step.renders for f in SECTIONS[name].files]
        if files:
            names = ", ".join(path.rpartition("/")[2] for path in files)
            text = mark("zmconfigd renders {files} on {nodes}")
            yield self.say(text).format(files=names, nodes=nodes)
        elif len(step.reaches) > 1:
            yield self.say(mark("works on {nodes}")).format(nodes=nodes)
        if step.restarted:
            text = mark("zmconfigd then restarts {services} by itself")
            yield self.say(text).format(services=", ".join(step.restarted))
        if step.restarts:
            text = mark("we restart {services}, once at the end")
            yield self.say(text).format(services=", ".join(step.restarts))
        if step.support == "unsupported":
            yield self.say(mark("the vendor does not support this"))

    def hurt(self, row: Affected) -> str:
        """Return one group of affected people as a sentence."""
        text = self.say(row.who)
        if row.count is None:
            return text
        least = self.say(mark("at least")) + " " if row.more else ""
        text += f": {least}{row.count}"
        if row.names:
            more = row.count - len(row.names)
            rest = f", +{more}" if more > 0 else ""
            text += f" ({', '.join(plain(name) for name in row.names)}{rest})"
        if row.days is not None:
            one, many = "; the logs have {count} day", "; the logs have {count} days"
            text += self.say.number(one, many, row.days)
            if row.days < FEW_DAYS:
                text += self.say(mark(", too few to be sure"))
        return text

    def _commands(self, step: Step) -> Iterator[Text]:
        # Never wrapped, so that each can be copied as one line.
        for argv in step.change.commands():
            line = Text(f"        $ {plain(command(argv), _LONGEST)}")
            line.stylize("bold", 10)
            yield line

    def _undo(self, step: Step) -> Iterator[Text]:
        inverse = step.change.inverse()
        if inverse is None:
            text = mark("undo: what was installed stays and is named")
            yield from self._row(self.say(text), "dim")
        elif inverse != step.change:
            for argv in inverse.commands():
                text = f"        undo $ {plain(command(argv), _LONGEST)}"
                yield Text(text, style="dim")

    def alike(self, steps: Numbered) -> Iterator[Text]:
        """Yield the lines of steps that do the same to several objects."""
        first = steps[0][1]
        for number, step in steps:
            kind = "" if isinstance(step.change, SetAttr) else step.change.place[0]
            named = f"{kind} {attribute(step)}".strip()
            place = plain(f"{step.change.target} · {named}")
            label = Text(f"{number:>{_LABEL - 1}}")
            yield from hanging(label, Text(place, style="bold"), _LABEL, self.width)
        for line in self._difference(first):
            style = _STYLES.get(line[:1], "")
            body = Text(plain(line[2:] if line[1:2] == " " else line[1:]), style=style)
            sign = Text(f"        {line[:1]}", style=style)
            yield from hanging(sign, body, _DETAIL + 2, self.width)
        for _, step in steps:
            yield from self._commands(step)
        for _, step in steps:
            yield from self._undo(step)
        for text in self._consequences(first):
            yield from self._row(text)
        for row in first.hurts:
            yield from self._row(self.hurt(row), "magenta")

    def group(self, steps: Iterable[tuple[int, Step]]) -> Iterator[Text]:
        """Yield steps that serve the same controls, below what is said of all."""
        steps = tuple(steps)
        first = steps[0][1]
        for title in first.titles or (mark("Render what zmconfigd does not watch"),):
            body = Text(plain(self.say(title)), style="bold")
            yield from hanging(Text("  •"), body, 4, self.width)
        names = ", ".join(first.controls)
        yield from hanging(Text(), Text(plain(names)), 4, self.width)
        for name, texts in (
            (mark("users will notice"), first.impact),
            (mark("can hurt"), first.affects),
        ):
            for text in texts:
                body = Text(f"{self.say(name)}: {plain(self.say(text))}")
                yield from hanging(Text(), body, 4, self.width)
        for some in _together(steps):
            yield from self.alike(some)
