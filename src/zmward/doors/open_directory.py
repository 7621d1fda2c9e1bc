"""Which way to the directory is taken: mailboxd's, or zmprov's while it is down."""

from collections.abc import Callable

from zmward.doors.directory import NO_CURL, PASSING, SILENT, Directory
from zmward.doors.soap_directory import SoapDirectory
from zmward.doors.zimbra_host import ZimbraHost
from zmward.doors.zmprov import ZmprovDirectory
from zmward.errors import Fault

Wait = Callable[[Callable[[], bool], float, float], bool]
# How long mailboxd may take to start on a large server.
READY = 900
_EVERY = 5


def _no_wait(ready: Callable[[], bool], _seconds: float, _every: float) -> bool:
    return ready()


def _runs(host: ZimbraHost) -> bool:
    """Say whether mailboxd is a process, whoever answers."""
    argv = (f"{host.home}/bin/zmmailboxdctl", "status")
    return not host.door.run(argv, user=host.user or "root", seconds=120).code


def _answering(host: ZimbraHost, found: list[Directory]) -> bool:
    try:
        found.append(SoapDirectory(host))
    except Fault as error:
        if error.fault not in PASSING:
            raise
        return False
    return True


def open_directory(
    host: ZimbraHost,
    say: Callable[[str], None],
    wait: Wait = _no_wait,
    *,
    whatever: Callable[[], bool] = lambda: False,
) -> Directory:
    """Return mailboxd's directory, or zmprov's, saying why it is zmprov's.

    mailboxd that runs but does not answer is waited for; if it never does, zmprov's
    way is taken only where `whatever` says that something must be taken back.
    """
    found: list[Directory] = []
    try:
        return SoapDirectory(host)
    except Fault as error:
        if error.fault not in {NO_CURL, *PASSING}:
            raise
        first = error
    runs = first.fault != NO_CURL and _runs(host)
    if runs:
        say(f"{first.where}: it runs, but does not answer ({first.text}): waiting")
        wait(lambda: _answering(host, found) or not _runs(host), READY, _EVERY)
        if found:
            return found[0]
        runs = _runs(host)
    if runs and not whatever():
        raise Fault(SILENT, f"it runs, but gave no answer: {first.text}", first.where)
    say(f"{first.where}: {first.text}; the directory is changed by zmprov -l.")
    return ZmprovDirectory(host, beside=runs)
