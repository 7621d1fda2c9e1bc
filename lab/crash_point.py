"""zmward that dies at one moment: its own door, cut by SIGKILL. Runs on the node.

Called as `python3 crash_point.py TRACE MOMENT SIDE SWITCH ARGV…`: before or after the
n-th command that changes something, the process kills itself with SIGKILL. SWITCH is
how many seconds the dead man's switch waits while the work lasts, 0 for its own time.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

PLACE = "/opt/zmward"
POSTCONF = "/opt/zimbra/common/sbin/postconf"
# What only reads: a death beside it is a death between its neighbours.
READERS = frozenset(
    {
        *("stat", "cat", "realpath", "test", "id", "date", "ls", "dpkg-query", "cmp"),
        *(
            "lsattr",
            "sshd",
            "rsyslogd",
            "find",
            "ss",
            "loginctl",
            "readlink",
            "unshare",
            "grep",
            "getent",
        ),
    }
)
ASKED = frozenset({"read", "texts", "list", "mine", "nft", "iptables-restore"})
SHOWN = frozenset({"show", "is-active", "is-enabled", "list-units", "cat"})


def bare(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return a command without the environment that is set for it."""
    while argv[0] == "env" or "=" in argv[0]:
        argv = argv[1:]
    return argv


def changes(argv: tuple[str, ...], given: bytes) -> bool:  # noqa: PLR0911  # one a row
    """Say whether a command can change the host."""
    if argv[0] == "runuser":
        # A question flushes first, which leaves nothing behind.
        flush = b"FlushCacheRequest" in given and b"Get" not in given
        return b"Modify" in given or flush
    if argv[0] == "systemctl":
        return argv[1] not in SHOWN
    if argv[0] == "crontab":
        return "-l" not in argv
    if argv[0] == POSTCONF:
        return "-e" in argv or "-X" in argv
    if argv[0] == "apt-get":
        return "-s" not in argv
    if argv[0] == "sh":
        return argv[4] not in ASKED
    if argv[0].startswith("/opt/zimbra/bin/"):
        return argv[1:] != ("status",)
    return argv[0] not in READERS


def word(argv: tuple[str, ...], given: bytes) -> str:
    """Return what the trace says of a command."""
    if argv[0] == "dd" and any(part.endswith("/journal") for part in argv):
        return "journal"
    if argv[0] == "sh":
        return argv[4]
    return "soap" if argv[0] == "runuser" and given else argv[0].rpartition("/")[2]


def hurry(seconds: int) -> None:
    """Let the switch that apply arms wait no longer than this."""
    from zmward.engine import apply, deadman  # noqa: PLC0415  # on the node only

    modules: tuple[Any, ...] = (apply, deadman)
    real = deadman.start_timer

    def soon(door: Any, run: Any, named: int) -> None:
        real(door, run, min(named, seconds))

    for module in modules:
        if module.start_timer is not real:
            raise AssertionError("the switch is not started where it was")
        module.start_timer = soon


def main(trace: str, moment: int, side: str, switch: int) -> None:
    """Run zmward with a door that counts, and dies when it is time."""
    sys.path.insert(0, PLACE)
    from zmward.cli.main import run  # noqa: PLC0415  # only the node has it there
    from zmward.doors.host import Local  # noqa: PLC0415

    real, count, start = Local.run, 0, time.monotonic()

    def counted(self: Any, argv: Any, *, given: bytes = b"", **more: Any) -> Any:
        nonlocal count
        words = bare(tuple(argv))
        if not changes(words, given):
            return real(self, argv, given=given, **more)
        number, count = count, count + 1
        with Path(trace).open("a") as lines:
            spent = time.monotonic() - start
            lines.write(f"{word(words, given)} {spent:.2f}\n")
        if number == moment and side == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = real(self, argv, given=given, **more)
        if number == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    Local.run = counted  # type: ignore[method-assign]  # the door of the real product
    if switch:
        hurry(switch)
    sys.argv = ["zmward", *sys.argv[5:]]
    run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
