"""What standard output is: its width, its signs, and whether it shows colours."""

import os
import shutil
import sys

import msgspec

_PIPE = 80


class Screen(msgspec.Struct, frozen=True):
    """The terminal, pipe or file that texts for people go to."""

    width: int = _PIPE
    color: bool = False
    encoding: str = "utf-8"


def screen(*, color: bool = True) -> Screen:
    """Look at standard output; NO_COLOR, TERM=dumb and a pipe mean no colours."""
    terminal = sys.stdout.isatty()
    dull = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return Screen(
        width=shutil.get_terminal_size((_PIPE, 24)).columns if terminal else _PIPE,
        color=color and terminal and not dull,
        encoding=sys.stdout.encoding or "ascii",
    )
