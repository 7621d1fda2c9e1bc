"""What zmward may run, write and install on a host: actions, files, units, packages.

A plan that asks for anything that is not here is refused.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec


class Action(msgspec.Struct, frozen=True):
    """One action: its argv (`{}` stands for the arguments), and what restarts.

    `leaves` is what stays of it when its run is taken back.
    """

    argv: tuple[str, ...]
    about: str
    arguments: str = ""
    user: str = "root"
    restarts: tuple[str, ...] = ()
    seconds: int = 300
    leaves: str = ""


_SECTION = "[a-z]{2,16}"

ACTIONS: Final[Mapping[str, Action]] = {
    "render": Action(
        ("/opt/zimbra/libexec/configrewrite", "{}"),
        "zmconfigd renders sections of Zimbra's configuration anew",
        _SECTION,
        "zimbra",
        seconds=120,
    ),
    "restart-mailbox": Action(
        ("/opt/zimbra/bin/zmmailboxdctl", "restart"),
        "mailboxd restarts",
        user="zimbra",
        restarts=("mailbox",),
        seconds=900,
    ),
    "restart-proxy": Action(
        ("/opt/zimbra/bin/zmproxyctl", "restart"),
        "the proxy restarts",
        user="zimbra",
        restarts=("nginxproxy",),
    ),
    "restart-memcached": Action(
        ("/opt/zimbra/bin/zmmemcachedctl", "restart"),
        "memcached restarts",
        user="zimbra",
        restarts=("memcached",),
    ),
    "restart-amavis": Action(
        ("/opt/zimbra/bin/zmamavisdctl", "restart"),
        "amavisd restarts",
        user="zimbra",
        restarts=("antispam",),
    ),
    "restart-antivirus": Action(
        ("/opt/zimbra/bin/zmantivirusctl", "restart"),
        "clamd and freshclam restart",
        user="zimbra",
        restarts=("antivirus",),
        seconds=600,
    ),
    "restart-opendkim": Action(
        ("/opt/zimbra/bin/zmopendkimctl", "restart"),
        "opendkim restarts",
        user="zimbra",
        restarts=("opendkim",),
    ),
    "restart-cbpolicyd": Action(
        ("/opt/zimbra/bin/zmcbpolicydctl", "restart"),
        "cbpolicyd restarts",
        user="zimbra",
        restarts=("cbpolicyd",),
    ),
    "reload-mta": Action(
        ("/opt/zimbra/bin/zmmtactl", "reload"),
        "Postfix reads its configuration again",
        user="zimbra",
    ),
    "restart-ldap": Action(
        ("/opt/zimbra/bin/ldap", "restart"),
        "slapd restarts",
        user="zimbra",
        restarts=("ldap",),
    ),
    "refresh-apt": Action(
        ("apt-get", "-qq", "update"),
        "apt fetches the lists of packages",
        leaves="the lists of packages that were fetched stay",
    ),
    "refresh-dnf": Action(
        ("dnf", "-q", "makecache", "--refresh"),
        "dnf fetches the lists of packages",
        leaves="the lists of packages that were fetched stay",
    ),
    "restart-all": Action(
        ("/opt/zimbra/bin/zmcontrol", "restart"),
        "all of Zimbra restarts",
        user="zimbra",
        restarts=("all",),
        seconds=1800,
    ),
}

# In which order our own restarts happen, as zmcontrol starts its services.
RESTART_ORDER: Final = (
    "ldap",
    "mailbox",
    "memcached",
    "nginxproxy",
    "antispam",
    "antivirus",
    "opendkim",
    "cbpolicyd",
    "mta",
    "all",
)
RESTARTS: Final[Mapping[str, str]] = {
    "ldap": "restart-ldap",
    "mailbox": "restart-mailbox",
    "memcached": "restart-memcached",
    "nginxproxy": "restart-proxy",
    "antispam": "restart-amavis",
    "antivirus": "restart-antivirus",
    "opendkim": "restart-opendkim",
    "cbpolicyd": "restart-cbpolicyd",
    "mta": "reload-mta",
    "all": "restart-all",
}


class Validator(msgspec.Struct, frozen=True):
    """A daemon's own check; `{}` is the new file, or it reads all of its files."""

    argv: tuple[str, ...]
    beside: bool = False


VALIDATORS: Final[Mapping[str, Validator]] = {
    "sshd": Validator(("sshd", "-t")),
    "sudoers": Validator(("visudo", "-c", "-f", "{}"), beside=True),
    "rsyslog": Validator(("rsyslogd", "-N1")),
    "fail2ban": Validator(("fail2ban-client", "-t")),
    "chrony": Validator(("chronyd", "-p", "-f", "{}"), beside=True),
    "apt": Validator(("apt-config", "dump")),
}

# Files that zmward may write, each a whole path; nothing that zmconfigd renders.
FILES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"/etc/ssh/sshd_config(\.d/[0-9]{2}-zmward\.conf)?",
        r"/etc/rsyslog\.d/[0-9]{2}-zmward[a-z-]*\.(conf|pem)",
        r"/etc/systemd/system/zmward-log-access\.service",
        r"/etc/fail2ban/(jail|filter|action)\.d/zmward[a-z-]*\.(conf|local)",
        r"/etc/chrony/conf\.d/zmward\.conf",
        r"/etc/apt/apt\.conf\.d/[0-9]{2}zmward",
        r"/etc/sysctl\.d/[0-9]{2}-zmward\.conf",
        r"/etc/sudoers\.d/[0-9a-z_-]+",
        r"/opt/zimbra/\.ssh/authorized_keys",
        r"/etc/ufw/applications\.d/zimbra",
    )
)
# Paths whose mode and owners zmward may set: facts on the layout of an installation.
MODES: Final = re.compile(
    r"/opt/zimbra(/[A-Za-z0-9._-]+){0,6}|/etc/sudoers\.d/[0-9a-z_-]+"
    r"|/var/spool/cron/(crontabs/)?zimbra"
)
PACKAGES: Final = frozenset(
    {
        *("pax", "spax", "chrony", "fail2ban", "unattended-upgrades"),
        *("rsyslog-gnutls", "acl"),
    }
)
# Which services look for a package's program only when they start.
READERS: Final[Mapping[str, tuple[str, ...]]] = {
    "pax": ("antispam",),
    "spax": ("antispam",),
}
UNITS: Final = frozenset(
    {
        *("chrony.service", "chronyd.service", "fail2ban.service", "ssh.service"),
        *("sshd.service", "rsyslog.service", "cron.service", "crond.service"),
        *("systemd-timesyncd.service", "ntp.service", "ntpd.service"),
        *("ntpsec.service", "openntpd.service", "dnf-makecache.timer"),
        *("syslog-ng.service", "zmward-log-access.service"),
        *("unattended-upgrades.service", "apt-daily.timer", "apt-daily-upgrade.timer"),
    }
)
# A signal only makes rsyslog close its files: it reads them anew when it starts.
ONLY_RESTARTED: Final = frozenset({"rsyslog.service"})
USERS_OF_CRONTABS: Final = frozenset({"zimbra"})


def argv(action: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command of an action; raise KeyError or ValueError if unknown."""
    row = ACTIONS[action]
    for argument in arguments:
        if not row.arguments or not re.fullmatch(row.arguments, argument):
            raise ValueError(f"{action}: {argument!r} is no argument of this action")
    if "{}" not in row.argv:
        return row.argv
    place = row.argv.index("{}")
    return (*row.argv[:place], *arguments, *row.argv[place + 1 :])


def restarted(action: str, arguments: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the services that an action restarts."""
    del arguments
    return ACTIONS[action].restarts
