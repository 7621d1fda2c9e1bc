"""Recording: what zmward collects from a lab, over ssh, kept as evidence."""

import os
import sys
from pathlib import Path

from lab.errors import LabError
from lab.layers import REPOSITORY
from lab.node import Lab

PROGRAM = "import sys; from zmward.cli.main import run; sys.exit(run())"
TIMEOUT = 300.0


def _argv(lab: Lab, *words: str, node: str = "mail") -> list[str]:
    environment = [
        f"PATH={lab.programs}:{os.environ['PATH']}",
        f"PYTHONPATH={REPOSITORY / 'src'}",
        "LC_ALL=C.UTF-8",
    ]
    argv = [sys.executable, "-c", PROGRAM, "--host", f"root@{node}", *words]
    return ["env", *environment, *argv]


def ssh_argv(lab: Lab, *words: str, node: str = "mail") -> list[str]:
    """Return the command that runs zmward from outside, for a process of one's own."""
    return lab.argv("outside", _argv(lab, *words, node=node))


def zmward(lab: Lab, *words: str) -> str:
    """Run zmward from outside against the lab's mail server and return its answer."""
    done = lab.run("outside", _argv(lab, *words), timeout=TIMEOUT)
    if done.returncode > 1 and not done.stdout:
        raise LabError(f"zmward {words[0]} on {lab.name}: {done.stderr.strip()}")
    return done.stdout


def record(lab: Lab, target: Path) -> None:
    """Write the evidence of a running lab to a file."""
    target.write_text(zmward(lab, "collect", "--quiet"))
