"""Whether a node must have a directory, by what says so besides the directory's folder.

The folder is user zimbra's, who can move it away; the list of packages is root's.
"""

import re
from typing import Final

from zmward.doors.zimbra_host import Survey, ZimbraHost

_PACKAGE: Final = "zimbra-ldap"
_DPKG: Final = ("dpkg-query", "-W", "-f", "${db:Status-Status}", _PACKAGE)
_RPM: Final = ("rpm", "-q", _PACKAGE)
_GONE: Final = frozenset({b"", b"not-installed", b"config-files"})
_ABSENT: Final = frozenset({0, 1, 127})
_HOSTS: Final = re.compile(r"ldaps?://([^\s:/,]+)", re.IGNORECASE)


def directory_due(host: ZimbraHost, survey: Survey) -> str:
    """Return what says that this node has a directory; empty where nothing does."""
    dpkg, rpm = host.door.run(_DPKG), host.door.run(_RPM)
    if (not dpkg.code and dpkg.out.strip() not in _GONE) or not rpm.code:
        return f"{_PACKAGE} is installed"
    if not {dpkg.code, rpm.code} <= _ABSENT:
        return f"whether {_PACKAGE} is installed could not be asked"
    if survey.value("ldap_is_master").lower() == "true":
        return "localconfig says ldap_is_master"
    own = survey.value("zimbra_server_hostname").lower()
    if own in map(str.lower, _HOSTS.findall(survey.value("ldap_url"))):
        return f"ldap_url names {own}"
    return ""
