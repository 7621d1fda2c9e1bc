"""A report for the terminal: the first screen says what to do, the rest says why."""

import io
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from zmward.control import Severity, Status
from zmward.finding import Finding, Report
from zmward.reports.json import counts
from zmward.reports.plain import plain
from zmward.reports.score import score

_STYLE = {
    Status.FAIL: "bold red",
    Status.UNKNOWN: "yellow",
    Status.WAIVED: "cyan",
    Status.PASS: "green",
    Status.NOT_APPLICABLE: "dim",
}


def _deviations(finding: Finding) -> Iterable[Text]:
    for deviation in finding.deviations[:10]:
        line = Text(f"      {plain(deviation.subject)}: ", style="bold")
        line.append(plain(deviation.found), style="not bold")
        line.append(f"  → {plain(deviation.wanted)}", style="not bold green")
        yield line
    rest = len(finding.deviations) - 10
    if rest > 0:
        yield Text(f"      … and {rest} more")


def _finding(finding: Finding) -> Iterable[Text]:
    head = Text(f"  {finding.status:<8} ", style=_STYLE[finding.status])
    head.append(f"{finding.severity:<9}", style="not bold default")
    head.append(finding.title, style="bold default")
    head.append(f"  [{finding.control}]", style="dim")
    yield head
    if finding.status in (Status.FAIL, Status.WAIVED):
        yield from _deviations(finding)
    if finding.reason and finding.status in (Status.UNKNOWN, Status.NOT_APPLICABLE):
        yield Text(f"      {plain(finding.reason)}", style="dim")


def _head(report: Report) -> Iterable[Text]:
    yield Text(f"{plain(report.host)}  Zimbra {plain(report.version)}", style="bold")
    found = counts(report)
    yield Text(
        f"score {score(report)}/100   "
        + "   ".join(f"{name} {number}" for name, number in found.items())
    )
    for severity in Severity:
        number = sum(
            f.status is Status.FAIL and f.severity is severity for f in report.findings
        )
        if number:
            yield Text(f"  {number} {severity.value}")


def render(report: Report, *, width: int = 100, color: bool = False) -> str:
    """Return the report as text; `color` adds escape codes."""
    output = io.StringIO()
    console = Console(
        file=output,
        width=width,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )
    for line in _head(report):
        console.print(line)
    for topic in sorted({finding.topic for finding in report.findings}):
        console.print()
        console.print(Text(topic, style="bold underline"))
        for finding in report.findings:
            if finding.topic == topic:
                for line in _finding(finding):
                    console.print(line)
    return output.getvalue()
