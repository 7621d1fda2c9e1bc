"""Which systemd unit stands for a service, and how a changed one is told."""

import subprocess
from collections.abc import Iterable

LONGEST = 60
# Only the MTA is reloaded; a proxy whose configuration is wrong stays down.
VERBS = {"mta": "reload"}
STOPPED = ("inactive", "unknown")
UNITS = {
    "antivirus": "zimbra-clamd",
    "amavis": "zimbra-amavis",
    "antispam": "zimbra-amavis",
    "mailbox": "zimbra-mailboxd",
    "sasl": "zimbra-saslauthd",
}


def commands(services: Iterable[str]) -> list[list[str]]:
    """Return one systemctl command for each unit, in order, each unit once."""
    rows = {
        UNITS.get(service, f"zimbra-{service}"): VERBS.get(service, "restart")
        for service in services
    }
    return [["systemctl", verb, f"{unit}.service"] for unit, verb in rows.items()]


def run(command: list[str]) -> str:
    """Run one command and return what went wrong, empty when nothing did."""
    # What an administrator has stopped stays stopped; what failed is tried again.
    if _output(["systemctl", "is-active", command[-1]]) in STOPPED:
        return ""
    done = _finished(command)
    return done.stderr.strip() if done.returncode else ""


def _finished(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=LONGEST
    )


def _output(command: list[str]) -> str:
    return _finished(command).stdout.strip()
