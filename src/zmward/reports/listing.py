"""The findings by topic, worst first, each with what to repair and how."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from rich.text import Text

from zmward.change import Change
from zmward.control import Status
from zmward.finding import Finding, Report
from zmward.i18n import Speaker, mark
from zmward.reports.folding import Fold, folds
from zmward.reports.json import counts
from zmward.reports.lines import hanging
from zmward.reports.plain import command, plain
from zmward.reports.screen import STYLES
from zmward.reports.summary import Topic, gaps, steps, topics
from zmward.reports.words import MARKS, SEVERITIES, STATUSES, topic

_INDENT = 21  # of titles; what is said of a finding stands further left
_DETAIL = 6
_FOLDS = 5
_PLAIN = "not bold not underline"
_FOLDED = (Status.PASS, Status.NOT_APPLICABLE)


class Listing:
    """Writes findings below the first screen; `everything` folds nothing."""

    def __init__(self, say: Speaker, width: int, *, everything: bool) -> None:
        self.say = say
        self.width = width
        self.everything = everything

    def _row(self, body: Text, indent: int = _DETAIL) -> Iterator[Text]:
        yield from hanging(Text(), body, indent, self.width)

    def _head(self, topic_: Topic) -> Text:
        title = plain(self.say(topic(topic_.name)))
        line = Text(title, style="bold underline")
        for status in STATUSES:
            number = topic_.number(status)
            if number:
                line.append("  ", style=_PLAIN)
                text = f"{MARKS[status]} {number} {self.say(STATUSES[status])}"
                line.append(
                    text, style=f"{_PLAIN} {STYLES[status].removeprefix('none')}"
                )
        return line

    def _title(self, finding: Finding) -> Iterator[Text]:
        label = Text("  ")
        word = self.say(SEVERITIES[finding.severity])
        text = f"{MARKS[finding.status]} {_WORDS[finding.status]:<7} {word}"
        label.append(text, style=STYLES[finding.status])
        title = Text(plain(self.say(finding.title)), style="bold")
        yield from hanging(label, title, _INDENT, self.width)
        tips = " ".join(plain(tip) for tip in finding.tips)
        yield from self._row(Text(f"{plain(finding.control)} · {tips}"))

    def finding(self, finding: Finding) -> Iterator[Text]:
        """Yield the lines of one finding."""
        yield from self._title(finding)
        if finding.status in (Status.FAIL, Status.WAIVED):
            yield from self._deviations(finding)
        if finding.reason:
            yield from self._reason(finding)
        if finding.waiver is not None:
            waiver = finding.waiver
            text = self.say(mark("waived until {until} by {approver}: {reason}"))
            filled = text.format(
                until=waiver.until,
                approver=plain(waiver.approver),
                reason=plain(f"{waiver.reason} {waiver.ticket}".strip()),
            )
            yield from self._row(Text(filled, style=STYLES[Status.WAIVED]))

    def _reason(self, finding: Finding) -> Iterator[Text]:
        """Yield what is waived in part, then what is not known of a failure."""
        waived, colon, rest = finding.reason.partition("; ")
        if not waived.startswith("waived in part: "):
            waived, rest = "", finding.reason
        elif not colon:
            rest = ""
        if waived:
            yield from self._row(Text(plain(waived), style=STYLES[Status.WAIVED]))
        if rest:
            also = mark("not known: ") if finding.status is Status.FAIL else ""
            yield from self._row(Text(self.say(also) + plain(rest)))

    def _deviations(self, finding: Finding) -> Iterator[Text]:
        found = folds(finding.deviations)
        shown = found if self.everything else found[:_FOLDS]
        for fold, after in zip_longest(shown, shown[1:]):
            # What is said of several in a row is said once, below them.
            again = after is not None and _same_words(fold, after)
            yield from self._fold(fold, again=again)
        rest = len(found) - len(shown)
        if rest:
            text = self.say(mark("… and {count} more: `--all` shows them"))
            yield from self._row(Text(text.format(count=rest)))

    def _fold(self, fold: Fold, *, again: bool) -> Iterator[Text]:
        line = Text(self._subjects(fold), style="bold")
        line.append(f": {plain(fold.found)}", style="not bold")
        line.append(f" → {plain(fold.wanted)}", style="not bold green")
        yield from hanging(Text("      •"), line, _DETAIL + 2, self.width)
        cures = [d.cure for d in fold.deviations if d.cure is not None]
        if cures:
            yield from self._cures(cures)
        elif fold.no_cure and not again:
            yield from self._row(Text(plain(self.say(fold.no_cure))), _DETAIL + 2)

    def _subjects(self, fold: Fold) -> str:
        most = len(fold.subjects) if self.everything else 3
        names, rest = fold.named(most)
        if len(fold.subjects) == 1:
            return plain(names)
        more = self.say(mark(", +{count}")).format(count=rest) if rest else ""
        kind = f"× {plain(fold.kind)} " if fold.kind else ""  # noqa: RUF001  # times
        return f"{len(fold.subjects)} {kind}({plain(names, 400 * most)}{more})"

    def _cures(self, cures: list[Change]) -> Iterator[Text]:
        shown = cures if self.everything else cures[:1]
        for cure in shown:
            for argv in cure.commands():
                # Never wrapped, so that it can be copied as one line.
                yield Text(f"        $ {plain(command(argv), 4000)}")
        notes = []
        if len(cures) > len(shown):
            text = self.say(mark("and {count} alike"))
            notes.append(text.format(count=len(cures) - len(shown)))
        restarts = sorted({name for cure in cures for name in cure.restarts()})
        if restarts:
            notes.append(self.say(mark("restarts")) + f" {', '.join(restarts)}")
        if notes:
            yield from self._row(Text(f"({'; '.join(notes)})"), _DETAIL + 4)

    def topic(self, topic_: Topic) -> Iterator[Text]:
        """Yield a topic's head and its findings, those that are fine folded."""
        yield Text()
        yield from self._row(self._head(topic_), 0)
        for finding in topic_.findings:
            if self.everything or finding.status not in _FOLDED:
                yield from self.finding(finding)


def _same_words(one: Fold, other: Fold) -> bool:
    """Say whether two rows have the same next step, in words."""
    cured = any(d.cure for fold in (one, other) for d in fold.deviations)
    return not cured and one.no_cure == other.no_cure


# Statuses keep their names in every language, as in JSON.
_WORDS = {
    Status.FAIL: "FAIL",
    Status.UNKNOWN: "UNKNOWN",
    Status.WAIVED: "WAIVED",
    Status.PASS: "PASS",
    Status.NOT_APPLICABLE: "N/A",
}


def _gaps(report: Report, say: Speaker, width: int) -> Iterator[Text]:
    found = gaps(report)
    if not found:
        return
    yield Text(say(mark("Not known, and why")), style="bold underline")
    for gap in found:
        label = Text(f"  ? {len(gap.controls)}", style=STYLES[Status.UNKNOWN])
        names = ", ".join(plain(name) for name in gap.controls)
        body = Text(plain(gap.reason), style="bold")
        body.append(f"\n{names}", style="not bold")
        yield from hanging(label, body, 8, width)


def _end(report: Report, say: Speaker, *, everything: bool) -> Iterator[Text]:
    """Repeat at the end what scrolled away: how it stands and where to begin."""
    found = counts(report)
    hidden = found["pass"] + found["not_applicable"]
    if hidden and not everything:
        text = say(mark("{count} that passed or do not apply are folded: `--all`"))
        yield Text(text.format(count=hidden))
    line = say(mark("{fail} failed, {unknown} not known"))
    end = Text(line.format(**found), style="bold")
    for finding in steps(report, 1):
        begin = say(mark("begin with"))
        end.append(f" · {begin}: zmward explain {plain(finding.control)}", "not bold")
    yield end


def listing(
    report: Report, say: Speaker, width: int, *, everything: bool
) -> Iterable[Text]:
    """Yield all that stands below the first screen."""
    writer = Listing(say, width, everything=everything)
    yield from _gaps(report, say, width)
    for found in topics(report):
        yield from writer.topic(found)
    yield Text()
    yield from _end(report, say, everything=everything)
