"""Zimbra's tools as user zimbra runs them on a lab node."""

import subprocess
from collections.abc import Callable

from lab.node import Lab

Done = subprocess.CompletedProcess[str]
Tool = Callable[..., Done]


def tool(lab: Lab, name: str, user: str = "zimbra", node: str = "mail") -> Tool:
    """Return a function that runs one of the programs in /opt/zimbra/bin."""

    def run(*words: str, given: str | None = None) -> Done:
        argv = ["runuser", "-u", user, "--", f"/opt/zimbra/bin/{name}", *words]
        return lab.run(node, argv, given=given)

    return run


def outcome(done: Done) -> tuple[int, str, str]:
    """Return exit code, output and complaints."""
    return done.returncode, done.stdout, done.stderr
