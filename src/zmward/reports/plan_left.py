"""What a plan leaves: conflicts, what is planned by name only, what is done by hand."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from zmward.control import Status
from zmward.i18n import Speaker, mark
from zmward.plan import Foreseen, Left
from zmward.reports.lines import clipped, hanging
from zmward.reports.plain import plain
from zmward.reports.screen import STYLES

_INDENT = 21
_MARGIN = 5
# So many reasons can be read; more of them would bury the plan.
_FEW = 8
_CONFLICT = "conflict: "
_NEVER = "never planned: "
_HURTS = "can hurt "
_BY_NAME = "; plan it by name: --only "
_NOT_HERE = ("make the plan of ", " not seen: add the evidence")
Row = tuple[str, tuple[str, ...], int]


def _alike(controls: tuple[str, ...], reason: str) -> tuple[object, ...]:
    """Return what reasons share that differ by the object that they name."""
    own = reason.startswith((_CONFLICT, _NEVER))
    return controls, (reason,) if own else tuple(reason.split(" ", 2)[:2])


def _folded(left: Iterable[Left]) -> Iterator[Row]:
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


def _stopped(reason: str) -> bool:
    """Say whether there is a cure, which something keeps out of this plan."""
    first = reason.startswith((_CONFLICT, _NEVER))
    return first or any(words in reason for words in _NOT_HERE)


class Rest:
    """Writes what comes after the changes of a plan."""

    def __init__(self, say: Speaker, width: int, *, everything: bool) -> None:
        self.say = say
        self.width = width
        self.everything = everything

    def _head(self, title: str, about: str = "") -> Iterator[Text]:
        yield Text()
        line = Text(self.say(title), style="bold underline")
        if about:
            line.append(f" · {self.say(about)}", style="not bold not underline")
        yield clipped(line, self.width)

    def _reason(self, row: Row) -> Iterator[Text]:
        reason, controls, alike = row
        conflict = reason.startswith(_CONFLICT)
        style = STYLES[Status.FAIL] if conflict else "bold"
        body = Text(", ".join(plain(name) for name in controls), style=style)
        body.append(f"\n{plain(self.say(reason))}", style="none")
        if alike:
            more = mark("(and {count} alike: `--json` has all)")
            body.append(f" {self.say(more).format(count=alike)}", style="none")
        yield from hanging(Text("  •"), body, 4, self.width)

    def _named(self, names: Iterable[str]) -> Iterator[Text]:
        text = Text(", ".join(plain(name) for name in names))
        yield from hanging(Text("  •"), text, 4, self.width)

    def _decisions(self, left: Iterable[Left]) -> Iterator[Text]:
        """Yield one line a control: whom its repair can hurt."""
        rows = {row.control: row.reason for row in left}
        if not rows:
            return
        about = mark("who can be hurt; each by name: `zmward plan --only ID`")
        yield from self._head(mark("For you to decide"), about)
        longest = max(len(plain(control)) for control in rows)
        indent = min(longest + _MARGIN, self.width // 2)
        for control, reason in sorted(rows.items()):
            who = reason.removeprefix(_HURTS).rpartition(_BY_NAME)[0]
            label = Text(f"  • {plain(control)}", style="bold")
            body = Text(plain(self.say(who)))
            yield from hanging(label, body, indent, self.width)

    def _by_hand(self, left: Iterable[Left]) -> Iterator[Text]:
        rows = list(_folded(left))
        if not rows:
            return
        if self.everything or len(rows) <= _FEW:
            yield from self._head(mark("Left for your hands"))
            for row in rows:
                yield from self._reason(row)
            return
        about = mark("`--all` or `zmward explain ID` says how")
        yield from self._head(mark("Left for your hands"), about)
        yield from self._named(dict.fromkeys(n for row in rows for n in row[1]))

    def left(self, left: Iterable[Left]) -> Iterator[Text]:
        """Yield what the plan leaves, the most urgent first."""
        left = tuple(left)
        stopped = [row for row in left if _stopped(row.reason)]
        others = [row for row in left if not _stopped(row.reason)]
        named = [r for r in others if r.reason.startswith(_HURTS)]
        if stopped:
            yield from self._head(mark("Left out, and why"))
            for row in _folded(stopped):
                yield from self._reason(row)
        yield from self._decisions(named)
        yield from self._by_hand(row for row in others if row not in named)

    def foreseen(self, rows: Iterable[Foreseen]) -> Iterator[Text]:
        """Yield what an audit will say, one paragraph for each reason."""
        groups: dict[tuple[Status, Status, str], list[str]] = {}
        for row in rows:
            groups.setdefault((row.was, row.will, row.reason), []).append(row.control)
        if groups:
            yield from self._head(mark("After this plan, an audit will say"))
        for (was, will, reason), names in groups.items():
            label = Text(f"  {was} → {will}", style=STYLES[will])
            body = Text(", ".join(plain(name) for name in names), style="bold")
            body.append(f"\n{plain(self.say(reason))}", style="not bold")
            yield from hanging(label, body, _INDENT, self.width)
