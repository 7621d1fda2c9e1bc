"""What the verbs that write to a host share: the site, signals, words."""

import getpass
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import click

from zmward.cli.place import Place
from zmward.cli.progress import Told, watched
from zmward.doors.host import Door, Remote
from zmward.engine.site import Site
from zmward.reports.plain import visible

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STOPPING = "stopping after this step; everything is taken back"


def who() -> str:
    """Return who asks, for the journal."""
    person = os.environ.get("SUDO_USER") or getpass.getuser()
    return f"{person}@{socket.gethostname()}"


def say(text: str) -> None:
    """Tell a person what is being done."""
    # A cut connection or a closed pipe must not leave the host half changed.
    with suppress(OSError):
        click.echo(f"zmward: {visible(text)}", err=True)


def note(text: str) -> None:
    """Show a line that belongs to a question, without a name before it."""
    with suppress(OSError):
        click.echo(visible(text), err=True)


def tell(text: str, end: str = "\n") -> None:
    """Print a line of the result; what was done counts, whoever still listens."""
    try:
        click.echo(visible(text) + end, nl=False)
    except OSError:
        # Else Python fails at its end, when it writes the rest of the buffer.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def working(
    place: Place, title: str, *, quiet: bool, stopping: str = _STOPPING
) -> Iterator[Site]:
    """Give the site; a signal asks for a clean stop, after the act that is going on.

    `stopping` is what a person is told then. Further signals change nothing.
    """
    asked: list[int] = []

    def stop(number: int, _frame: object) -> None:
        asked.append(number)
        if quiet or len(asked) > 1:
            return
        # Past Python's buffers, which a signal may have caught half way.
        with suppress(OSError):
            os.write(2, f"zmward: {stopping}\n".encode())

    def talk(text: str) -> None:
        if not quiet:
            say(text)

    old = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        with ExitStack() as shown:
            told = Told(talk, lambda _done, _total, _about: None)
            if not quiet:
                told = shown.enter_context(watched(title, say=say))
            site = place.site(told, lambda: bool(asked))
            shown.callback(site.reopen)
            yield site
    finally:
        for number, action in old.items():
            signal.signal(number, action)


def fresh(door: Door) -> Door:
    """Return a door that opens a connection of its own: proof that one can log in."""
    if isinstance(door, Remote):
        alone = ("-o", "ControlMaster=no", "-o", "ControlPath=none")
        return Remote(door.name, (*door.options, *alone))
    return door


def agreed(question: str, *, yes: bool) -> bool:
    """Ask a person; without a terminal, only --yes agrees."""
    if yes:
        return True
    return sys.stdin.isatty() and click.confirm(question, default=False, err=True)
