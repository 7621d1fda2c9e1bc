"""The units behind Zimbra's services: their state, and how to change it."""

import os
import socket
import subprocess

SOCKET = "/run/zimbra-control.sock"
_LONGEST = 150


def _systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/usr/bin/systemctl", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=_LONGEST,
    )


def is_running(unit: str) -> bool:
    """Tell whether the unit is active."""
    return _systemctl("is-active", "--quiet", f"{unit}.service").returncode == 0


def main_process(unit: str) -> str:
    """Return the number of the unit's main process."""
    shown = _systemctl("show", "--property=MainPID", "--value", f"{unit}.service")
    return shown.stdout.strip()


def change(verb: str, unit: str) -> str:
    """Start, stop, restart or reload the unit; return what went wrong."""
    if os.geteuid() == 0:
        done = _systemctl(verb, f"{unit}.service")
        return done.stderr.strip() if done.returncode else ""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(_LONGEST)
        link.connect(SOCKET)
        link.sendall(f"{verb} {unit}.service\n".encode())
        answer = link.makefile().read().strip()
    return "" if answer == "ok" else answer
