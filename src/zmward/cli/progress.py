"""Progress on standard error: a bar for people at a terminal, lines for all others."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, cast

import msgspec

Report = Callable[[int, int, str], None]
_WIDEST = 100


class _Patient:
    """A stream whose reader may have gone: what it cannot take is let go."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _patient() -> IO[str]:
    return cast(IO[str], _Patient(sys.stderr))


@contextmanager
def progress(title: str, *, silent: bool) -> Iterator[Report]:
    """Give a function that moves the bar: done, total, what is being done."""
    if silent:
        yield lambda _done, _total, _about: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn(title), BarColumn(), TextColumn("{task.description}"))
    console = Console(file=_patient())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, about: bar.update(
            task, completed=done, total=total, description=about
        )


class Told(msgspec.Struct, frozen=True):
    """How somebody is told what is going on: in words, and step by step."""

    talk: Callable[[str], None]
    step: Report


@contextmanager
def watched(title: str, *, say: Callable[[str], None]) -> Iterator[Told]:
    """Show the steps of a repair; at a terminal as a bar that names each wait."""
    from zmward.reports.plain import plain

    def line(done: int, total: int, about: str) -> None:
        say(f"{done}/{total} {plain(about, _WIDEST)}")

    if not sys.stderr.isatty():
        yield Told(say, line)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn(title),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(file=_patient(), highlight=False)
    began = time.monotonic()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, count="")

        def talk(text: str) -> None:
            seconds = time.monotonic() - began
            bar.print(escape(f"{seconds:6.1f} s  {plain(text)}"))
            bar.update(task, description=escape(plain(text, 60)))

        def step(done: int, total: int, about: str) -> None:
            short = escape(plain(about, 60))
            count = f"{done}/{total}"
            bar.update(
                task, completed=done, total=total, count=count, description=short
            )

        yield Told(talk, step)
