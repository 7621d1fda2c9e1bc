"""Lines for a terminal: a label, a hanging body, a width that is kept."""

import io
from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

# For terminals that cannot show our few signs outside ASCII.
_SIGNS: dict[str, str | int | None] = {
    "✗": "x",
    "✓": "+",
    "…": "~",
    "·": "|",
    "→": ">",
    "•": "*",
    "●": "#",
    "◐": "%",
    "○": ".",
}


def console(output: io.StringIO, width: int, *, color: bool) -> Console:
    """Return a console that interprets nothing and asks no environment."""
    return Console(
        file=output,
        width=width,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )


def clipped(text: Text, width: int) -> Text:
    """Return the text within a width, an ellipsis where something is left out."""
    short = text.copy()
    short.truncate(width, overflow="ellipsis")
    return short


def hanging(label: Text, body: Text, indent: int, width: int) -> Iterator[Text]:
    """Yield a label and its body, the body's further lines below its first."""
    room = max(width - indent, 20)
    parts = body.wrap(console(io.StringIO(), room, color=False), room) or [Text()]
    head = Text().append_text(label)  # whose own style must not reach the body
    head.append(" " * max(indent - cell_len(label.plain), 1 if label.plain else 0))
    for number, part in enumerate(parts):
        part.rstrip()
        line = head if number == 0 else Text(" " * indent)
        line.append_text(part)
        yield line


def printed(
    lines: Iterable[Text], width: int, *, color: bool, encoding: str = "utf-8"
) -> str:
    """Return the lines as text that a terminal of this encoding can show."""
    output = io.StringIO()
    screen = console(output, width, color=color)
    for line in lines:
        line.rstrip()
        screen.print(line, soft_wrap=True)
    text = output.getvalue()
    if encoding.lower().replace("-", "") == "utf8":
        return text
    try:
        "".join(_SIGNS).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        text = text.translate(str.maketrans(_SIGNS))
        encoding = encoding if _known(encoding) else "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _known(encoding: str) -> bool:
    try:
        "".encode(encoding)
    except LookupError:
        return False
    return True
