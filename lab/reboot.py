"""A mail server that restarts on its own files: asked to, or by losing power."""

import os
import signal
import time
from pathlib import Path
from typing import Literal

from lab import ready
from lab.errors import LabError
from lab.node import Lab
from lab.process import run

How = Literal["asked", "power lost"]
LONGEST = 60.0


def _gone(lab: Lab, leader: int) -> None:
    """Wait until a container's first process, and what started it, have ended."""
    limit = time.monotonic() + LONGEST
    space = Path("/run/systemd/nspawn")
    while Path(f"/proc/{leader}").exists() or any(
        space.glob(f"propagate/{lab.network.node}")
    ):
        if time.monotonic() > limit:
            raise LabError(f"the lab {lab.name} does not go down")
        time.sleep(0.05)


# The namespace outlives the container; a kernel that starts has no rules.
_FORGET = """
nft flush ruleset
for tables in ip_tables ip6_tables; do
    program=${tables%_tables}tables-legacy
    for table in $(cat "/proc/net/${tables}_names"); do
        "$program" -t "$table" -F && "$program" -t "$table" -X
    done
done 2>/dev/null
ipset destroy
"""


def _without_rules(lab: Lab) -> None:
    run(["ip", "netns", "exec", lab.network.node, "sh", "-c", _FORGET])


def begin(lab: Lab, how: How = "asked") -> None:
    """Take the mail server down and start it again, without waiting for it."""
    leader = lab.leader()
    if how == "asked":
        lab.run("mail", ["systemctl", "reboot", "--no-block"])
    else:
        os.kill(leader, signal.SIGKILL)
    _gone(lab, leader)
    _without_rules(lab)
    lab.boot()


def reboot(lab: Lab, how: How = "asked") -> None:
    """Restart the mail server and wait until its services answer."""
    begin(lab, how)
    ready.wait(lab)
