"""A scan for the terminal: what is open, then the findings, worst first."""

from collections.abc import Iterator

from rich.text import Text

from zmward.finding import Report
from zmward.i18n import Speaker, mark
from zmward.reports.lines import hanging, printed
from zmward.reports.listing import listing
from zmward.reports.plain import plain
from zmward.reports.port_words import others, places
from zmward.reports.times import moment
from zmward.scan.seen import Seen

_PORT, _USUAL, _SERVICE = 11, 22, 18


def _head(seen: Seen, say: Speaker, width: int) -> Iterator[Text]:
    line = Text(plain(seen.host), style="bold")
    sources = ", ".join(plain(s) for s in dict.fromkeys(seen.source.values()) if s)
    text = say(mark("seen from {source}")).format(source=sources or "?")
    line.append(f" · {text} · {moment(seen.when)}", style="none")
    yield from hanging(Text(), line, 0, width)
    asked = say(mark("asked")) + f": {'; '.join(seen.asked)}"
    if len(asked) <= width:
        yield Text(asked, style="bright_black")


def _ports(seen: Seen, report: Report, say: Speaker, width: int) -> Iterator[Text]:
    for address, rows in places(seen, report, say):
        yield Text()
        title = Text(plain(address), style="bold underline")
        rest = others(seen, address, say)
        title.append(f"  {rest}" if rest else "", style="not bold not underline")
        yield title
        for row in rows:
            port = Text("✗ " if row.amiss else "  ", style="bold red")
            port.append(f"{row.port}/{row.proto}".ljust(_PORT - 2), style="bold")
            body = Text(f"{row.usual or '-':<{_USUAL}}{row.service:<{_SERVICE}}")
            body.append(plain(row.software or row.banner, 80), style="bright_black")
            yield from hanging(port, body, _PORT, width)
        if not rows:
            yield Text(f"  {say(mark('no open port'))}")


def _silent(seen: Seen, say: Speaker, width: int) -> Iterator[Text]:
    for text in seen.untold():
        label = Text("?", style="bold magenta")
        words = Text(f"{say(mark('not found out'))}: {plain(text)}")
        yield from hanging(label, words, 2, width)


def render(
    report: Report,
    looks: tuple[Seen, ...],
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
    everything: bool = False,
) -> str:
    """Return the scan as text."""
    say = Speaker()
    width = max(width, 40)
    lines: list[Text] = []
    for seen in looks:
        lines += [*_head(seen, say, width), *_ports(seen, report, say, width)]
        lines += [*_silent(seen, say, width), Text()]
    lines += listing(report, say, width, everything=everything)
    return printed(lines, width, color=color, encoding=encoding)
