"""Whether a site is ready for an upgrade: for the terminal, and as JSON."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec
from rich.text import Text

from zmward.i18n import Speaker, mark, spoken
from zmward.patches.readiness import STATES, Ready
from zmward.reports.lines import hanging, printed
from zmward.reports.plain import plain

SCHEMA: Final = "zmward.readiness/1"
_INDENT: Final = 22
_BEFORE: Final = mark("Before an upgrade of {host}")
_SIGNS: Final = {
    "bad": ("✗", "bold red"),
    "unknown": ("?", "bold magenta"),
    "well": ("✓", "bold green"),
}


class ReadyShown(msgspec.Struct, frozen=True):
    """One thing, in English."""

    subject: str
    state: str
    text: str
    step: str


class ReadinessShown(msgspec.Struct, frozen=True):
    """The whole document."""

    schema: str
    host: str
    when: str
    counts: dict[str, int]
    found: tuple[ReadyShown, ...]


def document(found: tuple[Ready, ...], host: str, when: str) -> str:
    """Return the findings as indented JSON."""
    counts = Counter(one.state for one in found)
    rows = tuple(ReadyShown(r.subject, r.state, r.text, r.step) for r in found)
    shown = ReadinessShown(SCHEMA, host, when, {s: counts[s] for s in STATES}, rows)
    return msgspec.json.format(msgspec.json.encode(shown)).decode() + "\n"


def _row(one: Ready, say: Speaker, width: int) -> Iterator[Text]:
    sign, style = _SIGNS[one.state]
    label = Text(f"{sign} {plain(say(one.subject), 19)}", style=style)
    yield from hanging(label, Text(plain(spoken(one.said, say))), _INDENT, width)
    if one.step:
        step = Text(f"→ {plain(say(one.step))}", style="bright_black")
        yield from hanging(Text(), step, _INDENT, width)


def render(
    found: tuple[Ready, ...],
    host: str,
    say: Speaker | None = None,
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
    after: bool = False,
) -> str:
    """Return the findings as text, what is bad first."""
    say, width = say or Speaker(), max(width, 40)
    counts = Counter(one.state for one in found)
    words = say(mark("{bad} bad, {unknown} not known, {well} well")).format(
        bad=counts["bad"], unknown=counts["unknown"], well=counts["well"]
    )
    when = mark("After an upgrade of {host}") if after else _BEFORE
    title = say(when).format(host=plain(host, 200))
    lines = [
        *hanging(Text(), Text(f"{title}: {words}", style="bold"), 0, width),
        Text(),
    ]
    for one in found:
        lines += _row(one, say, width)
    return printed(lines, width, color=color, encoding=encoding)
