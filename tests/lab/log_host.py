"""A central log server in the lab's outside, set up by zmward's own files."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.network import OUTSIDE
from lab.node import Lab
from lab.process import within

NAME = "loghost.example.test"
# rsyslog tries again after a minute at most.
LONGEST = 90.0
FORGERS = "forgers"
CONFIGURATION = """\
global(workDirectory="/var/spool/rsyslog")
include(file="/etc/rsyslog.d/*zmward*.conf")
"""
# The lab's ssh knows the mail server; the log host is a tree, not a machine.
SSH = """\
#!/bin/sh
for last; do :; done
case " $* " in *" -- root@loghost "*)
    exec chroot {root} /usr/bin/env -i PATH=/usr/bin:/bin sh -c "$last" ;;
esac
exec {programs}/ssh "$@"
"""


def until(true: Callable[[], bool], seconds: float = LONGEST) -> bool:
    """Wait for something to be so."""
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            return False
        time.sleep(0.2)
    return True


@dataclass
class LogHost:
    """rsyslog outside, with certificates of one authority."""

    lab: Lab
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay the program by which zmward reaches the log host."""
        program = self.folder / "bin" / "ssh"
        program.parent.mkdir(parents=True)
        program.write_text(SSH.format(root=self.root, programs=self.lab.programs))
        program.chmod(0o755)
        (self.root / "etc/rsyslog.d").mkdir(exist_ok=True)
        (self.root / "etc/log-host.conf").write_text(CONFIGURATION)

    @property
    def root(self) -> Path:
        """Return the tree that the log host lives in."""
        return self.lab.directory / "outside"

    def zmward(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run zmward on the administrator's machine."""
        path = f"PATH={self.folder / 'bin'}:{os.environ['PATH']}"
        program = [sys.executable, "-c", "from zmward.cli.main import run; run()"]
        home = f"HOME={self.folder}"
        argv = ["env", path, home, "LC_ALL=C.UTF-8", *program, *words]
        return self.lab.run(OUTSIDE, argv, timeout=600)

    def configure(self, authority: str) -> None:
        """Give the log host the files that zmward writes for it."""
        output = self.folder / f"files-{authority}"
        if not output.exists():
            self.receive(authority, output)
        for path in (self.root / "etc/rsyslog.d").glob("*zmward*"):
            path.unlink()
        shutil.copytree(output, self.root / "etc/rsyslog.d", dirs_exist_ok=True)
        if authority == FORGERS:
            # It takes whatever comes, so that only the sender can refuse.
            path = self.root / "etc/rsyslog.d/10-zmward-receive.conf"
            text = re.sub(r"permittedPeer=\[.*?\]", "", path.read_text())
            path.write_text(text.replace("x509/name", "anon"))

    def receive(self, authority: str, output: Path) -> None:
        """Have zmward write the files."""
        done = self.zmward(
            *("logs", "receive", "--name", NAME, "--from", "mail.example.test"),
            *("--authority", str(self.folder / authority), "--port", "10514"),
            *("--output", str(output)),
        )
        assert done.returncode == 0, done.stderr

    def start(self, authority: str = "authority") -> None:
        """Start rsyslog and wait until it listens."""
        self.configure(authority)
        argv = within(self.root, ["rsyslogd", "-n", "-f", "/etc/log-host.conf"])
        words = self.lab.argv(OUTSIDE, [*argv, "-i", "NONE"])
        log = (self.folder / "rsyslogd.log").open("ab")
        with log:
            found = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.running.append(found)
        port = ["ss", "-Hltn", "sport = :10514"]
        assert until(lambda: bool(self.lab.run(OUTSIDE, port).stdout)), log.name

    def stop(self) -> None:
        """End rsyslog as a machine that loses its power does."""
        while self.running:
            found = self.running.pop()
            found.kill()
            found.wait()
        port = ["ss", "-Hltn", "sport = :10514"]
        assert until(lambda: not self.lab.run(OUTSIDE, port).stdout)

    def received(self) -> str:
        """Return everything that has arrived."""
        found = sorted((self.root / "var/log/zmward-received").glob("*/*.log"))
        return "".join(path.read_text("utf-8", "replace") for path in found)

    def has(self, words: Sequence[str], seconds: float = LONGEST) -> list[str]:
        """Return which of some words have not arrived in time."""
        missing = list(words)

        def all_there() -> bool:
            text = self.received()
            missing[:] = [word for word in missing if word not in text]
            return not missing

        until(all_there, seconds)
        return missing
