"""All controls, by topic, for people."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from zmward.control import Control, Severity
from zmward.i18n import Speaker, mark
from zmward.reports.lines import hanging, printed
from zmward.reports.words import SEVERITIES, topic

_INDENT = 13
_BAD = (Severity.CRITICAL, Severity.HIGH)


def _control(control: Control, say: Speaker, width: int) -> Iterator[Text]:
    style = "bold red" if control.severity in _BAD else "none"
    label = Text(f"  {say(SEVERITIES[control.severity])}", style=style)
    yield from hanging(label, Text(say(control.title), "bold"), _INDENT, width)
    words = [control.id, " ".join(control.tips)]
    if control.check.cures:
        words.append(say(mark("has a repair")))
    yield from hanging(Text(), Text(" · ".join(words)), _INDENT, width)


def _lines(controls: Iterable[Control], say: Speaker, width: int) -> Iterator[Text]:
    name = None
    number = 0
    for control in controls:
        if control.topic != name:
            if name is not None:
                yield Text()
            name = control.topic
            yield Text(say(topic(name)), style="bold underline")
        yield from _control(control, say, width)
        number += 1
    text = say(mark("{count} controls. One in full: zmward explain ID"))
    yield Text()
    yield Text(text.format(count=number))


def listed(
    controls: Iterable[Control],
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
    say: Speaker | None = None,
) -> str:
    """Return the list as text for a terminal of this width."""
    width = max(width, 40)
    lines = _lines(controls, say or Speaker(), width)
    return printed(lines, width, color=color, encoding=encoding)
