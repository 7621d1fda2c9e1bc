"""Open holes for the terminal: worst first, and what closes most of them at once."""

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from zmward.i18n import Speaker, mark, spoken
from zmward.patches.installed import VENDORS
from zmward.patches.ledger import Ledger, Owed
from zmward.patches.overview import Node, Step
from zmward.patches.rating import BASES, Basis, Rating
from zmward.patches.standing import Standing
from zmward.reports.lines import clipped, hanging, printed
from zmward.reports.plain import plain

# The first screen of the usual terminal.
SCREEN: Final = 24
_BAD, _DOUBT, _GOOD, _QUIET = "bold red", "bold magenta", "bold green", "bright_black"
_INDENT: Final = 4
_NOTES: Final = 3
NOTHING: Final = mark("nothing was judged: no component of Zimbra was found")
RATINGS: Final = {
    Rating.HIGH: mark("High"),
    Rating.MEDIUM: mark("Medium"),
    Rating.LOW: mark("Low"),
    Rating.UNRATED: mark("unrated"),
}
STANDINGS: Final = {
    Standing.APPLIES: ("✗", _BAD, mark("open")),
    Standing.UNKNOWN: ("?", _DOUBT, mark("not known")),
    Standing.FIXED: ("✓", _GOOD, mark("closed")),
    Standing.NOT_APPLICABLE: ("-", _QUIET, mark("not on this site")),
}


def levels(node: Node) -> str:
    """Return a node's levels in one line: one text where all components agree."""
    found = {one.component: " or ".join(one.levels) or "?" for one in node.levels}
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return ", ".join(f"{name} {level}" for name, level in found.items()) or "?"


def deadline(row: Owed, say: Speaker) -> str:
    """Return by when a hole must be closed, and how late that is."""
    if row.due is None:
        return say(mark("no date: nobody said when it became known"))
    text = say(mark("due {day}")).format(day=row.due.day)
    if row.late:
        late = say.number(mark("{count} day late"), mark("{count} days late"), row.late)
        return f"{text}, {late}"
    return (
        f"{text} {row.due.at:%H:%M}"
        if row.due.at
        else f"{text}, {say(mark('at once'))}"
    )


def why_rated(row: Owed, say: Speaker) -> str:
    """Return the rating, and whose word it is."""
    text = say(RATINGS[row.rated.rating])
    if row.rated.basis is Basis.CVSS and row.hole.advisory.cvss is not None:
        return f"{text} (CVSS {row.hole.advisory.cvss})"
    if row.rated.basis is Basis.NOBODY:
        return f"{text}, {say(mark('treated as Medium'))}"
    return f"{text} ({say(BASES[row.rated.basis])})"


def ends(node: Node, ledger: Ledger, say: Speaker) -> Iterator[str]:
    """Yield that a branch or an operating system gets no more fixes."""
    ended = say(mark("{what} gets no fixes since {day}"))
    if node.line_end and node.line_end <= ledger.judged:
        text = ended.format(what=f"Zimbra {node.line}", day=node.line_end)
        by = say(mark("by {source}")).format(source=node.line_source)
        yield f"{text} ({by})" if node.line_source else text
    if node.system_end and node.system_end <= ledger.judged:
        yield ended.format(what=plain(node.system, 40), day=node.system_end)


def _notes(ledger: Ledger, say: Speaker, width: int) -> Iterator[Text]:
    """Yield what contradicts itself; no list of it pushes the counts off the screen."""
    nodes = ledger.overview.nodes
    found = [
        f"{plain(n.name, 60)}: {plain(spoken(one, say), 300)}"
        for n in nodes
        for one in n.notes
    ]
    if len(found) > _NOTES:
        more = say(mark("and {count} more doubts: --json names each"))
        found[_NOTES:] = [more.format(count=len(found) - _NOTES)]
    for note in found:
        text = Text(note, style=_DOUBT)
        yield from hanging(Text("?", style=_DOUBT), text, 2, width)


def _around(ledger: Ledger, say: Speaker, width: int) -> Iterator[Text]:
    """Yield what keeps patches away, one line each: an audit says it whole."""
    for one in ledger.around:
        said = say(mark("not so: {title}")).format(title=say(one.title))
        text = f"✗ {said} ({one.control}): {plain(one.found, 300)}"
        yield clipped(Text(text, style=_BAD), width)


def foreign(node: Node) -> bool:
    """Say whether a node's builds are not numbered as the vendor's are."""
    return node.origin not in ("", VENDORS)


def _nodes(ledger: Ledger, say: Speaker, width: int) -> Iterator[Text]:
    for node in ledger.overview.nodes:
        line = Text(plain(node.name, 60), style="bold")
        words = (f"Zimbra {plain(levels(node), 200)}", plain(node.edition, 20))
        said = filter(None, (*words, *ends(node, ledger, say)))
        line.append(f" · {' · '.join(said)}", style="none")
        yield from hanging(Text(), line, 0, width)
        if foreign(node):
            origin = Text(plain(node.origin, 200), style=_QUIET)
            yield from hanging(Text(), origin, 2, width)
    for host in ledger.hosts_missing:
        text = say(mark("{host}: nothing was asked of it")).format(host=plain(host, 60))
        yield Text(f"? {text}", style=_DOUBT)


def _counts(ledger: Ledger, say: Speaker, width: int) -> Iterator[Text]:
    attacked = [row for row in ledger.open if row.hole.advisory.exploited]
    if ledger.empty:
        text = Text(say(NOTHING), style=_DOUBT)
        yield from hanging(Text("?", style=_DOUBT), text, 2, width)
    elif ledger.clean:
        yield Text(f"✓ {say(mark('no known hole is open'))}", style=_GOOD)
    elif ledger.open:
        parts = [
            say.number(
                mark("{count} hole is open"),
                mark("{count} holes are open"),
                len(ledger.open),
            ),
            say(mark("{count} of them used by attackers")).format(count=len(attacked)),
            say(mark("{count} overdue")).format(count=len(ledger.overdue)),
        ]
        text = Text(", ".join(parts), style=_BAD)
        yield from hanging(Text("✗", style=_BAD), text, 2, width)
    if ledger.unknown:
        text = Text(
            say.number(
                mark("{count} hole could not be judged"),
                mark("{count} holes could not be judged"),
                len(ledger.unknown),
            )
        )
        yield from hanging(Text("?", style=_DOUBT), text, 2, width)


def later(ledger: Ledger, say: Speaker) -> str:
    """Return how many holes were published after the day that is judged."""
    count = say.number(
        mark("{count} hole was published after the day that is judged"),
        mark("{count} holes were published after the day that is judged"),
        len(ledger.overview.later),
    )
    return f"{count}: {say(mark('--now judges another day'))}"


def _catalog(ledger: Ledger, say: Speaker, width: int) -> Iterator[Text]:
    found = ledger.catalog
    words = say(mark("Advisories as of {day}")).format(day=found.generated)
    style, sign = _QUIET, ""
    if found.ahead:
        words += ": " + say(mark("younger than the day that is judged"))
    else:
        words += ", " + say.number(
            mark("{count} day old"), mark("{count} days old"), found.age_days
        )
    if found.old:
        style, sign = _BAD, "✗ "
        words += ": " + say(
            mark("too old, newer holes are not in it (zmward patches update FILE)")
        )
    yield from hanging(Text(), Text(f"{sign}{words}", style=style), 0, width)
    if found.trouble:
        text = Text(plain(found.trouble), style=_DOUBT)
        yield from hanging(Text("?", style=_DOUBT), text, 2, width)
    if ledger.overview.later:
        text = Text(later(ledger, say), style=_QUIET)
        yield from hanging(Text(), text, 0, width)


def _step(step: Step, say: Speaker, width: int) -> Iterator[Text]:
    names = ", ".join(plain(name, 60) for name in step.nodes)
    closes = say.number(
        mark("closes {count} hole"), mark("closes {count} holes"), len(step.closes)
    )
    text = f"{names} → {plain(step.version, 60)}: {closes}"
    if step.perhaps:
        more = say(mark("{count} without proof")).format(count=len(step.perhaps))
        text += f", {more}"
    if step.leaves:
        left = say(mark("{count} stay open")).format(count=len(step.leaves))
        text += f", {left}"
    yield from hanging(Text("→", style="bold"), Text(text), 2, width)


def listed(row: Owed, say: Speaker) -> str:
    """Return since when a hole is publicly listed as used, which is often late."""
    day = row.hole.advisory.listed
    text = say(mark("in CISA's list of exploited holes since {day}"))
    return text.format(day=day) if day else ""


def helps(row: Owed, say: Speaker) -> str:
    """Return what closes a hole, and what helps until then."""
    fix, remedy = plain(row.hole.fix, 60), plain(row.hole.remedy, 60)
    text = plain(spoken(row.hole.advice, say), 160) or say(
        mark("no closing build is known")
    )
    if fix:
        text = say(mark("closed by {fix}")).format(fix=fix)
    elif remedy:
        text = say(mark("said to be closed by {build}")).format(build=remedy)
    if row.mitigated:
        return f"{text}; {say(mark('a mitigation is in place'))}"
    for one in row.hole.advisory.mitigations[:1]:
        until = say(mark("until then: {text}")).format(text=plain(one.text, 160))
        return f"{text}; {until}" + (f" ({one.control})" if one.control else "")
    return text


def _hole(row: Owed, say: Speaker, width: int, *, short: bool) -> Iterator[Text]:
    sign, style, _ = STANDINGS[row.hole.standing]
    advisory = row.hole.advisory
    head = Text(f"{sign} {plain(advisory.id, 40)}", style=style)
    words = [why_rated(row, say)]
    if row.hole.standing is Standing.APPLIES:
        words.append(deadline(row, say))
    head.append(f"  {' · '.join(words)}", style="none")
    where = f"{advisory.where}: {advisory.summary}" if advisory.where else ""
    texts = [Text(plain(where or advisory.summary)), Text(f"→ {helps(row, say)}")]
    if not short:
        told = filter(None, (spoken(row.hole.said, say), listed(row, say)))
        texts[1:1] = [Text(plain(text), style=_QUIET) for text in told]
    if short:
        yield clipped(head, width)
        for text in texts:
            yield clipped(Text("    ").append_text(text), width)
        return
    yield from hanging(Text(), head, 0, width)
    for text in texts:
        yield from hanging(Text(), text, _INDENT, width)


def _head(ledger: Ledger, say: Speaker, width: int) -> Iterator[Text]:
    yield from _nodes(ledger, say, width)
    yield from _counts(ledger, say, width)
    yield from _notes(ledger, say, width)
    yield from _around(ledger, say, width)
    yield from _catalog(ledger, say, width)
    for step in ledger.overview.steps[:1]:
        yield from _step(step, say, width)


def _first(ledger: Ledger, say: Speaker, width: int) -> Iterator[Text]:
    """Yield one screen: the head, and as many of the worst as find room."""
    head = list(_head(ledger, say, width))[: SCREEN - 5]
    yield from head
    yield Text()
    rows = ledger.open or ledger.unknown
    room = (SCREEN - len(head) - 2) // 3
    for row in rows[:room]:
        yield from _hole(row, say, width, short=True)
    left = len(ledger.open) + len(ledger.unknown) - len(rows[:room])
    if left:
        text = say(mark("and {count} more: --all shows each, with the reason"))
        yield clipped(Text(text.format(count=left), style=_QUIET), width)


def _whole(ledger: Ledger, say: Speaker, width: int) -> Iterator[Text]:
    yield from _head(ledger, say, width)
    for step in ledger.overview.steps[1:]:
        yield from _step(step, say, width)
    days = ", ".join(str(day) for day in ledger.windows)
    yield Text(f"{say(mark('Maintenance windows'))}: {days}", style=_QUIET)
    for standing, (_, _, words) in STANDINGS.items():
        rows = ledger.standing(standing)
        if rows:
            yield Text()
            yield Text(f"{say(words)} ({len(rows)})", style="bold")
        for row in rows:
            yield from _hole(row, say, width, short=False)


def render(
    ledger: Ledger,
    say: Speaker | None = None,
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
    everything: bool = False,
) -> str:
    """Return one screen, or with `everything` every hole with its reason."""
    width = max(width, 40)
    lines = (_whole if everything else _first)(ledger, say or Speaker(), width)
    return printed(lines, width, color=color, encoding=encoding)
