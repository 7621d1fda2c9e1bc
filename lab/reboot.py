"""A mail server that restarts on its own files: asked to, or by losing power."""

import os
import signal
import time
from pathlib import Path
from typing import Literal

from lab import ready
from lab.errors import LabError
from lab.node import Lab

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


def begin(lab: Lab, how: How = "asked") -> None:
    """Take the mail server down and start it again, without waiting for it."""
    leader = lab.leader()
    if how == "asked":
        lab.run("mail", ["systemctl", "reboot", "--no-block"])
    else:
        os.kill(leader, signal.SIGKILL)
    _gone(lab, leader)
    lab.boot()


def reboot(lab: Lab, how: How = "asked") -> None:
    """Restart the mail server and wait until its services answer."""
    begin(lab, how)
    ready.wait(lab)
