"""Which systemd unit stands for a service, and how a changed one is told."""

import subprocess
from collections.abc import Iterable

LONGEST = 60
# The MTA and the proxy take new configuration without losing connections.
VERBS = {"mta": "reload", "proxy": "reload"}
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
    unit = command[-1]
    active = ["systemctl", "is-active", "--quiet", unit]
    if subprocess.run(active, check=False, timeout=LONGEST).returncode:
        return ""
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=LONGEST
    )
    return done.stderr.strip() if done.returncode else ""
