"""The words and marks that the reports for people share."""

from collections.abc import Mapping
from typing import Final

from zmward.control import Severity, Status
from zmward.deviation import State
from zmward.i18n import mark

# A mark never stands alone: the word is beside it, for those who see no colours.
MARKS: Final[Mapping[Status, str]] = {
    Status.FAIL: "✗",
    Status.UNKNOWN: "?",
    Status.WAIVED: "~",
    Status.PASS: "✓",
    Status.NOT_APPLICABLE: "-",
}
STATES: Final[Mapping[State, tuple[str, str]]] = {
    State.OK: ("✓", mark("as it should be")),
    State.BAD: ("✗", mark("not as it should be")),
    State.UNKNOWN: ("?", mark("not known")),
    State.NA: ("-", mark("not part of this control")),
}
STATUSES: Final[Mapping[Status, str]] = {
    Status.FAIL: mark("failed"),
    Status.UNKNOWN: mark("not known"),
    Status.WAIVED: mark("waived"),
    Status.PASS: mark("passed"),
    Status.NOT_APPLICABLE: mark("not applicable"),
}
SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: mark("critical"),
    Severity.HIGH: mark("high"),
    Severity.MEDIUM: mark("medium"),
    Severity.LOW: mark("low"),
}
LAYERS: Final[Mapping[str, tuple[str, str]]] = {
    "declared": (mark("declared"), mark("the directory or localconfig says so")),
    "rendered": (mark("rendered"), mark("the service's own configuration says so")),
    "running": (mark("running"), mark("the socket, process or loaded rule shows it")),
    "lasting": (mark("lasting"), mark("it will still be so after a restart")),
}
TOPICS: Final[Mapping[str, str]] = {
    "accounts": mark("Accounts"),
    "admin": mark("Administrators"),
    "antispam": mark("Spam and attachments"),
    "backup": mark("Backups"),
    "cos": mark("Classes of service"),
    "domain": mark("Domains"),
    "fail2ban": mark("Bans of attackers"),
    "firewall": mark("Firewall"),
    "integrity": mark("Integrity of the installation"),
    "ldap": mark("Directory server (LDAP)"),
    "localconfig": mark("Node settings (localconfig)"),
    "logs": mark("Logs"),
    "mailbox": mark("Mailbox server"),
    "memcached": mark("memcached"),
    "mta": mark("Mail transport (MTA)"),
    "os": mark("Operating system"),
    "password": mark("Passwords"),
    "patches": mark("Updates"),
    "proxy": mark("Proxy (nginx)"),
    "session": mark("Logins and sessions"),
    "ssh": mark("SSH"),
    "tls": mark("TLS and certificates"),
    "version": mark("Version of Zimbra"),
    "web": mark("Web client"),
}


def topic(name: str) -> str:
    """Return a topic's title; a topic without one is called by its folder."""
    return TOPICS.get(name, name.replace("_", " ").capitalize())
