"""A progress bar on standard error, for people only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[int, int, str], None]


@contextmanager
def progress(title: str, *, silent: bool) -> Iterator[Report]:
    """Give a function that moves the bar: done, total, what is being done."""
    if silent:
        yield lambda _done, _total, _about: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn(title), BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, about: bar.update(
            task, completed=done, total=total, description=about
        )
