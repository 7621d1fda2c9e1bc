"""The starter of slapd: listens where localconfig says."""

import os
import sys
from collections.abc import Sequence

from . import localconfig

PROGRAM = "/opt/zimbra/common/libexec/slapd"
HOME = "/opt/zimbra/data/ldap"
SOCKET = "ldapi://%2fopt%2fzimbra%2fdata%2fldap%2fstate%2frun%2fldapi/"


def options(bind_url: str) -> list[str]:
    """Return slapd's options for these listeners and the local socket."""
    urls = f"{bind_url} {SOCKET} ldapi:///"
    return ["-l", "LOCAL0", "-h", urls, "-F", f"{HOME}/config"]


def main(_argv: Sequence[str]) -> int:
    """Become slapd, which gives up root once it listens."""
    local = localconfig.load()
    urls = local.get("ldap_bind_url") or local.get("ldap_url") or ""
    argv = [PROGRAM, "-u", "zimbra", "-g", "zimbra", *options(urls)]
    os.execv(PROGRAM, argv)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
