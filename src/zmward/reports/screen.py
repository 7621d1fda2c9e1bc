"""The first screen of a report: 24 lines that say what to do now."""

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.text import Text

from zmward.control import Severity, Status
from zmward.finding import Report
from zmward.i18n import Speaker, mark
from zmward.reports.json import counts
from zmward.reports.lines import clipped
from zmward.reports.plain import plain
from zmward.reports.score import score
from zmward.reports.summary import (
    Repairs,
    efforts,
    gaps,
    next_lapse,
    severities,
    steps,
    topics,
)
from zmward.reports.times import moment
from zmward.reports.words import MARKS, SEVERITIES

HEIGHT = 23  # 24 lines, one of which is the prompt's
STYLES = {
    Status.FAIL: "bold red",
    Status.UNKNOWN: "bold magenta",
    Status.WAIVED: "cyan",
    Status.PASS: "green",
    Status.NOT_APPLICABLE: "none",
}
_INDENT = 21
_TOPIC_LINES = 4


def _names(names: Iterable[str], most: int = 3) -> str:
    found = [plain(name) for name in names]
    rest = f", +{len(found) - most}" if len(found) > most else ""
    return ", ".join(found[:most]) + rest


class _Screen:
    """Builds the first screen, line by line."""

    def __init__(self, report: Report, say: Speaker, width: int) -> None:
        self.report = report
        self.say = say
        self.width = width

    def row(self, label: str, body: Text, style: str = "bold") -> Text:
        line = Text()
        line.append(f"{self.say(label)} ".ljust(_INDENT), style=style)
        line.append_text(body)
        return clipped(line, self.width)

    def head(self) -> Iterator[Text]:
        report = self.report
        line = Text().append(plain(report.host), style="bold")
        version = report.version or self.say(mark("version not known"))
        line.append(f" · Zimbra {plain(version)} · {moment(report.when)}")
        yield clipped(line, self.width)
        seen = f"{len(report.hosts_seen)}: {_names(report.hosts_seen)}"
        if report.zmward:
            by = self.say(mark("asked with zmward {version}"))
            seen += f" · {by.format(version=plain(report.zmward))}"
        yield self.row(mark("Nodes seen"), Text(seen))
        if report.hosts_missing:
            missing = f"{len(report.hosts_missing)}: {_names(report.hosts_missing)}"
            style = STYLES[Status.UNKNOWN]
            yield self.row(mark("Nodes not seen"), Text(missing), style)

    def next_steps(self) -> Iterator[Text]:
        found = steps(self.report)
        if not found:
            yield self.row(mark("Do now"), Text(self.say(mark("nothing"))))
        label = self.say(mark("Do now"))
        indent = cell_len(label) + 2
        for number, finding in enumerate(found):
            line = Text()
            line.append((label if number == 0 else "").ljust(indent), style="bold")
            style = STYLES[finding.status]
            word = self.say(SEVERITIES[finding.severity])
            line.append(f"{MARKS[finding.status]} {word:<9} ", style=style)
            line.append(plain(self.say(finding.title)))
            yield clipped(line, self.width)
            command = f"zmward explain {plain(finding.control)}"
            yield clipped(Text(" " * (indent + 12) + command), self.width)

    def counted(self) -> Iterator[Text]:
        found = counts(self.report)
        words = (
            f"{score(self.report)} {self.say(mark('of 100'))}",
            f"{found['pass']} {self.say(mark('passed'))}",
            f"{found['not_applicable']} {self.say(mark('do not apply'))}",
        )
        yield self.row(mark("Score"), Text(" · ".join(words)))
        yield self.row(mark("Failed"), self._failed())
        yield self.row(mark("Counts as unsound"), self._doubts())

    def _failed(self) -> Text:
        text = Text()
        for severity, number in severities(self.report).items():
            bad = number and severity in (Severity.CRITICAL, Severity.HIGH)
            style = STYLES[Status.FAIL] if bad else "none"
            text.append(f"{number} {self.say(SEVERITIES[severity])}", style=style)
            text.append("   ")
        return text

    def _doubts(self) -> Text:
        found = counts(self.report)
        style = STYLES[Status.UNKNOWN] if found["unknown"] else "none"
        text = Text()
        text.append(f"{found['unknown']} {self.say(mark('not known'))}", style=style)
        text.append(f" · {found['waived']} {self.say(mark('waived'))}", style="none")
        waived = next_lapse(self.report)
        if waived and waived.waiver:
            lapse = f"{self.say(mark('next lapse'))} {waived.waiver.until}"
            text.append(f", {lapse}", style="none")
        if self.report.lapsed:
            past = f"{len(self.report.lapsed)} {self.say(mark('lapsed'))}"
            text.append(f", {past}", style=STYLES[Status.UNKNOWN])
        return text

    def topics(self) -> list[Text]:
        label = self.say(mark("Topics"))
        indent = cell_len(label) + 2
        lines = [Text().append(label.ljust(indent), style="bold")]
        for topic in topics(self.report):
            word = f"{MARKS[topic.status]} {plain(topic.name, 20)}"
            if lines[-1].cell_len + cell_len(word) > self.width:
                lines.append(Text(" " * indent))
            lines[-1].append(word, style=STYLES[topic.status])
            lines[-1].append("  ", style="none")
        left_out = Text(" " * indent + "…") if len(lines) > _TOPIC_LINES else None
        shown = lines[: _TOPIC_LINES - bool(left_out)]
        if left_out:
            shown.append(left_out)
        for line in shown:
            line.rstrip()
        return [clipped(line, self.width) for line in shown]

    def repairs(self) -> Iterator[Text]:
        safe, window, decision, none = efforts(self.report)
        yield self.row(mark("Safe to apply now"), self._safe(safe), "bold green")
        yield self.row(mark("Needs a window"), self._window(window))
        yield self.row(mark("Needs your decision"), self._decision(decision))
        if none.findings:
            text = self.say(mark("{count} failed that zmward has no repair for"))
            yield self.row(mark("By hand"), Text(text.format(count=none.findings)))

    def _changes(self, repairs: Repairs) -> str:
        return self.say.number(
            mark("{count} change"), mark("{count} changes"), repairs.changes
        )

    def _safe(self, repairs: Repairs) -> Text:
        rest = self.say(mark("0 restarts, nobody affected"))
        return Text(f"{self._changes(repairs)}, {rest}")

    def _window(self, repairs: Repairs) -> Text:
        text = self._changes(repairs)
        if repairs.restarts:
            restarts = self.say(mark("restarts")) + f" {', '.join(repairs.restarts)}"
            text = f"{text}, {restarts}"
        return Text(text)

    def _decision(self, repairs: Repairs) -> Text:
        text = self._changes(repairs)
        if repairs.hurts:
            text += ": " + "; ".join(plain(self.say(who)) for who in repairs.hurts)
        return Text(text)

    def unknown(self) -> Iterator[Text]:
        found = gaps(self.report)
        if not found:
            yield self.row(mark("Not known"), Text(self.say(mark("nothing"))))
            return
        parts = [f"{plain(gap.reason, 60)} ({len(gap.controls)})" for gap in found]
        body = Text(" · ".join(parts))
        yield self.row(mark("Not known, and why"), body, STYLES[Status.UNKNOWN])


def first_screen(report: Report, say: Speaker, width: int) -> list[Text]:
    """Return at most 23 lines; blank ones go first where there are too many."""
    screen = _Screen(report, say, width)
    blocks = (
        screen.head(),
        screen.next_steps(),
        screen.counted(),
        screen.topics(),
        (*screen.repairs(), *screen.unknown()),
    )
    lines: list[Text] = []
    for block in blocks:
        lines += [Text(), *block] if lines else block
    while len(lines) > HEIGHT and any(not line.plain for line in lines):
        last = max(n for n, line in enumerate(lines) if not line.plain)
        del lines[last]
    return lines[:HEIGHT]
