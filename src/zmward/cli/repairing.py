"""What the verbs that write to a host share: the site, signals, words."""

import getpass
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from zmward.doors.host import Door, Remote
from zmward.doors.open_directory import open_directory
from zmward.doors.zimbra_host import ZimbraHost
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


def tell(text: str) -> None:
    """Print a line of the result; what was done counts, whoever still listens."""
    try:
        click.echo(visible(text))
    except OSError:
        # Else Python fails at its end, when it writes the rest of the buffer.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def working(door: Door, *, quiet: bool, stopping: str = _STOPPING) -> Iterator[Site]:
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
    site = Site(
        door=door,
        opener=lambda: open_directory(ZimbraHost(door), talk),
        talk=talk,
        stop=lambda: bool(asked),
    )
    try:
        yield site
    finally:
        for number, action in old.items():
            signal.signal(number, action)
        site.reopen()


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
