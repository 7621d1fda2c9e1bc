"""A real ssh session into a node, with a terminal, that can be killed or cut off."""

import os
import re
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass, field

from lab.errors import LabError
from lab.network import NODE_IPV4
from lab.node import Lab
from lab.process import run

LONGEST = 120.0
SSH = ("/usr/bin/ssh", "-o", "ControlMaster=no", "-o", "ControlPath=none")
CUT = """\
table inet zmward-cut {{
  chain output {{ type filter hook output priority 0; tcp sport {port} drop; }}
  chain input {{ type filter hook input priority 0; tcp dport {port} drop; }}
}}
"""


def login(lab: Lab, command: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Log in anew from outside, run one command and return how it ended."""
    argv = [*SSH, "-F", str(lab.ssh_config), "-o", "ConnectTimeout=5", *options]
    return lab.run("outside", [*argv, "mail", command], timeout=LONGEST)


@dataclass
class Session:
    """One login from outside: what is typed runs in its shell, one line at a time."""

    lab: Lab
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        """Log in and wait for the shell."""
        words = [*SSH, *self.options, "-tt", "-F", str(self.lab.ssh_config), "mail"]
        argv = self.lab.argv("outside", [*words, "exec bash --noprofile --norc"])
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.do("stty -echo; PS1=")

    def type(self, line: str) -> None:
        """Type a line and do not wait."""
        if self.process.stdin is None:
            raise LabError("the session has no standard input")
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def do(self, line: str) -> str:
        """Type a line, wait for its end, and return what the terminal showed."""
        self.count += 1
        # The mark is not in what is typed, which a terminal echoes.
        self.type(f'{line}; printf "\\n=%s=%d\\n" {self.count} $?')
        return self._until(rf"\r?\n={self.count}=\d+\r?\n")

    def _until(self, pattern: str) -> str:
        if self.process.stdout is None:
            raise LabError("the session has no standard output")
        found = ""
        limit = time.monotonic() + LONGEST
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            while time.monotonic() < limit:
                if not ready.select(timeout=1):
                    continue
                some = os.read(self.process.stdout.fileno(), 65536)
                if not some:
                    raise LabError(f"the session has ended: {found}")
                found += some.decode("utf-8", "replace")
                if re.search(pattern, found):
                    return re.sub(pattern, "\n", found)
        raise LabError(f"no answer in the session: {found}")

    @property
    def port(self) -> int:
        """Return the port outside from which the session comes."""
        words = ["ss", "-Htnp", "state", "established", f"dst {NODE_IPV4}"]
        rows = self.lab.run("outside", words).stdout.splitlines()
        for row in rows:
            if f"pid={self.process.pid}," in row:
                return int(row.split()[2].rpartition(":")[2])
        raise LabError(f"the session's connection is not there: {rows}")

    def kill(self) -> None:
        """Kill the ssh client: the kernel closes the connection."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def cut(self) -> None:
        """Drop all packets of the connection: neither side hears of it."""
        argv = ["ip", "netns", "exec", self.lab.network.outside, "nft", "-f", "-"]
        run(argv, given=CUT.format(port=self.port))
