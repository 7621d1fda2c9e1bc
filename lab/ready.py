"""Waiting until a booted node's services answer."""

import time
from typing import TYPE_CHECKING

from lab import loghost
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.node import Lab

LONGEST_BOOT = 240.0
SYNCHRONISED = "Leap status     : Normal"
# Only a state that forwards its lines has it.
FORWARDING = "etc/rsyslog.d/30-loghost.conf"
SETTLED = ("running", "degraded")
# Unit and the ports that must listen before a lab counts as up.
SERVICES = (
    ("ssh.service", (22,)),
    ("zimbra-ldap.service", (389,)),
    ("zimbra-mailboxd.service", (7071, 7072, 7073, 8443)),
    ("zimbra-configd.service", (7171,)),
    ("zimbra-mta.service", (25, 465, 587)),
    ("zimbra-proxy.service", (443, 993)),
    ("zimbra-memcached.service", (11211,)),
    ("zimbra-dnscache.service", (53,)),
)


def wait(lab: "Lab") -> None:
    """Return when systemd has settled and every enabled service listens."""
    for node in lab.nodes:
        _wait(lab, node.name)


def _wait(lab: "Lab", node: str) -> None:
    limit = time.monotonic() + LONGEST_BOOT
    missing = ["the node's systemd"]
    while missing:
        if time.monotonic() > limit:
            raise LabError(
                f"{node} is not ready after {LONGEST_BOOT:.0f} s: "
                f"{', '.join(missing)}; see {lab.directory}/{node}/console.log"
            )
        time.sleep(0.1)
        missing = _missing(lab, node)
    failed = lab.run(node, ["systemctl", "--failed", "--plain", "--no-legend"])
    for row in failed.stdout.splitlines():
        print(f"lab: failed unit on {node}: {row.split()[0]}", flush=True)


def _missing(lab: "Lab", node: str) -> list[str]:
    try:
        state = lab.run(node, ["systemctl", "is-system-running"]).stdout.strip()
    except LabError:
        return ["the node's systemd"]
    if state not in SETTLED:
        return [f"systemd says {state or 'nothing'}"]
    listed = ["list-unit-files", "--state=enabled", "--plain", "--no-legend"]
    rows = lab.run(node, ["systemctl", *listed]).stdout.splitlines()
    enabled = {row.split()[0] for row in rows if row.strip()}
    listening = _ports(lab, node)
    late = [
        f"{unit} on port {port}"
        for unit, ports in SERVICES
        for port in ports
        if unit in enabled and port not in listening
    ]
    if "chrony.service" in enabled:
        tracking = lab.run(node, ["chronyc", "tracking"]).stdout
        late += [] if SYNCHRONISED in tracking else ["chrony to be synchronised"]
    if (lab.tree(node) / FORWARDING).exists() and not _forwards(lab, node):
        late.append("rsyslog to be connected to its log host")
    return late


def _forwards(lab: "Lab", node: str) -> bool:
    # Where the name was not to be resolved when rsyslog started, a line makes it try
    # again, at most every 30 s.
    lab.run(node, ["logger", "-t", "lab", "ready"])
    reached = f"( dport = :{loghost.PORT} )"
    rows = lab.run(node, ["ss", "-Htn", "state", "established", reached])
    return bool(rows.stdout.strip())


def _ports(lab: "Lab", node: str) -> set[int]:
    rows = lab.run(node, ["ss", "-Hltn"]).stdout.splitlines()
    return {int(row.split()[3].rsplit(":", 1)[1]) for row in rows if row.strip()}
