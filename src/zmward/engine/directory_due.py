"""Whether a node must have a directory, or databases, by what says so besides a folder.

The folders are user zimbra's, who can move them away; the list of packages is root's.
"""

import re
from collections.abc import Callable
from typing import Final

from zmward.doors.zimbra_host import Survey, ZimbraHost
from zmward.errors import Fault, Refused, Unreachable

_PACKAGE: Final = "zimbra-ldap"
_STORE: Final = "zimbra-store"
_DPKG: Final = ("dpkg-query", "-W", "-f", "${db:Status-Status}")
_RPM: Final = ("rpm", "-q")
_GONE: Final = frozenset({b"", b"not-installed", b"config-files"})
_ABSENT: Final = frozenset({0, 1, 127})
_HOSTS: Final = re.compile(r"ldaps?://([^\s:/,]+)", re.IGNORECASE)


def _installed(host: ZimbraHost, package: str) -> str:
    """Return what the lists of packages say of one; empty where it is not there."""
    dpkg = host.door.run((*_DPKG, package))
    rpm = host.door.run((*_RPM, package))
    if (not dpkg.code and dpkg.out.strip() not in _GONE) or not rpm.code:
        return f"{package} is installed"
    if not {dpkg.code, rpm.code} <= _ABSENT:
        return f"whether {package} is installed could not be asked"
    return ""


def directory_due(host: ZimbraHost, survey: Survey) -> str:
    """Return what says that this node has a directory; empty where nothing does."""
    if said := _installed(host, _PACKAGE):
        return said
    if survey.value("ldap_is_master").lower() == "true":
        return "localconfig says ldap_is_master"
    own = survey.value("zimbra_server_hostname").lower()
    if own in map(str.lower, _HOSTS.findall(survey.value("ldap_url"))):
        return f"ldap_url names {own}"
    return ""


def databases_due(host: ZimbraHost, mailboxes: Callable[[], int]) -> str:
    """Return what says that this node has MariaDB's databases; empty for nothing.

    The package alone does not: nodes that only serve pages have it too. `mailboxes`
    counts those that are here by the directory.
    """
    said = _installed(host, _STORE)
    if not said:
        return ""
    try:
        count = mailboxes()
    except (Fault, Refused, Unreachable) as error:
        return f"{said}, and whose mailboxes are here is not known: {error}"
    return f"{said}, and {count} mailboxes are here" if count else ""
