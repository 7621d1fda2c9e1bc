"""A report for the terminal: the first screen says what to do, the rest says why."""

from rich.text import Text

from zmward.finding import Report
from zmward.i18n import Speaker
from zmward.reports.lines import printed
from zmward.reports.listing import listing
from zmward.reports.screen import first_screen


def render(
    report: Report,
    *,
    width: int = 80,
    color: bool = False,
    everything: bool = False,
    encoding: str = "utf-8",
    say: Speaker | None = None,
) -> str:
    """Return the report as text; `color` adds escape codes, `everything` details."""
    say = say or Speaker()
    width = max(width, 40)
    below = listing(report, say, width, everything=everything)
    lines = (*first_screen(report, say, width), Text(), *below)
    return printed(lines, width, color=color, encoding=encoding)
