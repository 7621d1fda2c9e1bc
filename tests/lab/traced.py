"""Every argv and environment that processes start with, and samples of what they have."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab import cgroup
from lab.node import Lab

# Nothing that strace would write in another way than it stands.
_PLAIN = re.compile(r"[\w.,:;+/=@%^~-]+", re.ASCII)
_LONGEST = 20.0
# The form of every token of Zimbra's, as a word of its own or in a message.
_TOKEN = re.compile(r'"0_|=0_|authToken>0_')


def strace(trace: Path) -> list[str]:
    """Return the words before a command of which each program is to be written."""
    kinds = ("-e", "trace=execve,execveat")
    return ["strace", "-f", "-qq", "-v", "-s", "65535", *kinds, "-o", str(trace)]


def _named(lab: Lab, name: str) -> Iterator[int]:
    """Yield the processes of a lab of this name."""
    for pid in cgroup.pids(lab.name):
        try:
            found = Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            continue
        if found == name:
            yield pid


def _held(pid: int, tracer: int) -> bool:
    try:
        return f"TracerPid:\t{tracer}\n" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True  # it has ended, and with it what it could start


@contextmanager
def behind_sshd(lab: Lab, trace: Path) -> Iterator[None]:
    """Write every program that comes from sshd, of connections that are open too."""
    pids = list(_named(lab, "sshd"))
    assert pids
    words = [word for pid in pids for word in ("-p", str(pid))]
    with subprocess.Popen([*strace(trace), *words]) as tracer:
        try:
            limit = time.monotonic() + _LONGEST
            while not all(_held(pid, tracer.pid) for pid in pids):
                assert tracer.poll() is None
                assert time.monotonic() < limit
                time.sleep(0.02)
            yield
            assert tracer.poll() is None, "it saw not all to the end"
        finally:
            # It lets go of all that it holds.
            tracer.send_signal(signal.SIGINT)


def programs(trace: Path, path: str) -> int:
    """Return how many times a program was started."""
    return trace.read_text(errors="replace").count(f'execve("{path}"')


def shown(trace: Path, wanted: Sequence[str]) -> list[str]:
    """Return the starts of programs that show one of these words, or a token."""
    assert all(_PLAIN.fullmatch(word) for word in wanted)
    lines = trace.read_text(errors="replace").splitlines()
    return [
        line
        for line in lines
        if _TOKEN.search(line) or any(word in line for word in wanted)
    ]


def _space(process: int | str) -> str:
    return str(Path(f"/proc/{process}/ns/pid").readlink())


def _of_others(process: int, spaces: set[str]) -> bool:
    """Say whether a process is another test's: on its node, or begun beside us."""
    try:
        if _space(process) not in spaces:
            return True
        while process > 1:
            text = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
            parent = int(text.rpartition(")")[2].split()[1])
            if parent == os.getppid():
                return process != os.getpid()
            process = parent
    except OSError:
        pass
    return False


class Watch(threading.Thread):
    """Reads argv and environment of all processes, again and again.

    Those of tests that run at the same time are left out.
    """

    def __init__(self, node: Lab, wanted: list[str]) -> None:
        super().__init__()
        self.spaces = {_space("self"), _space(node.leader())}
        self.wanted = [word.encode() for word in wanted]
        self.ended = threading.Event()
        self.seen: list[bytes] = []
        self.looked = 0

    def run(self) -> None:
        while not self.ended.is_set():
            for place in Path("/proc").iterdir():
                if not place.name.isdigit():
                    continue
                for name in ("cmdline", "environ"):
                    try:
                        text = (place / name).read_bytes()
                    except OSError:
                        continue
                    self.looked += 1
                    # The form of every token of Zimbra's.
                    for word in (*self.wanted, b"authToken>0_", b"\x000_"):
                        if word in text and not _of_others(
                            int(place.name), self.spaces
                        ):
                            self.seen.append(text)
