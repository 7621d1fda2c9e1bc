"""How a drill went: for the terminal, and as JSON."""

from collections.abc import Iterator
from typing import Final

import msgspec
from rich.text import Text

from zmward.backups.judged import size
from zmward.backups.rehearsal import Part, Rehearsal
from zmward.i18n import Speaker, mark
from zmward.reports.backups_text import SIGNS
from zmward.reports.lines import hanging, printed
from zmward.reports.plain import plain

_INDENT: Final = 12
_MINUTE: Final = 60
_HOUR: Final = 3600


def document(record: Rehearsal) -> str:
    """Return the drill as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(record)).decode() + "\n"


def lasting(seconds: float) -> str:
    """Return a time in words."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"


def _part(part: Part, say: Speaker, width: int) -> Iterator[Text]:
    sign, style = SIGNS[part.state]
    label = Text(f"{sign} {part.subject}", style=style)
    yield from hanging(label, Text(plain(say(part.text))), _INDENT, width)
    if part.step:
        step = Text(f"→ {plain(say(part.step))}", style="bright_black")
        yield from hanging(Text(), step, _INDENT, width)
    if part.counts:
        words = ", ".join(f"{count} {kind}" for kind, count in part.counts.items())
        yield from hanging(Text(), Text(plain(words)), _INDENT, width)
    if part.source and part.bytes:
        times = (
            f"{size(part.bytes)} in {lasting(part.seconds)}, and "
            f"{lasting(part.fetch_seconds)} to fetch them"
        )
        for words in (part.source, times, f"SHA-256 {part.sha256}"):
            yield from hanging(Text(), Text(plain(words)), _INDENT, width)


def _estimate(record: Rehearsal, say: Speaker, width: int) -> Iterator[Text]:
    known = record.estimate
    if known.seconds is None:
        text = say(mark("How long a whole restore takes is not known."))
    else:
        text = say(mark("A whole restore takes about {time}, {way} of it on the way."))
        text = text.format(
            time=lasting(known.seconds), way=lasting(known.transfer_seconds or 0)
        )
    yield from hanging(Text(), Text(text, style="bold"), 0, width)
    for reason in known.based_on:
        yield from hanging(Text("  •"), Text(plain(say(reason))), 4, width)


def render(
    record: Rehearsal,
    say: Speaker | None = None,
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
) -> str:
    """Return the drill as text."""
    say, width = say or Speaker(), max(width, 40)
    title = say(mark("Drill with {copy} on {host}")).format(
        copy=record.copy, host=plain(record.host, 200)
    )
    if record.backup:
        title += f": {plain(record.backup, 100)}, {record.made}"
    lines = [*hanging(Text(), Text(title, style="bold"), 0, width), Text()]
    for part in record.parts:
        lines += _part(part, say, width)
    for note in record.notes:
        said = Text(plain(say(note)), style="bold red")
        lines += [Text(), *hanging(Text("! ", style="bold red"), said, 2, width)]
    lines += [Text(), *_estimate(record, say, width)]
    return printed(lines, width, color=color, encoding=encoding)
