"""The starter of memcached: asks the directory where it is to listen."""

import os
import sys
from collections.abc import Sequence

from . import localconfig  # -- the package has another name in a node
from .provisioning import Provisioning

PROGRAM = "/opt/zimbra/common/bin/memcached"
MEMORY = "1024"


def options(effective: dict[str, list[str]]) -> list[str]:
    """Return memcached's options; an empty address means every one."""
    port = effective.get("zimbraMemcachedBindPort", ["11211"])[0]
    addresses = effective.get("zimbraMemcachedBindAddress", [])
    listen = ["-l", ",".join(addresses)] if addresses else []
    return ["-m", MEMORY, "-U", "0", "-p", port, *listen]


def main(_argv: Sequence[str]) -> int:
    """Become memcached."""
    local = localconfig.load()
    directory = Provisioning(
        (local.get("ldap_url") or "").split()[0],
        local.get("zimbra_ldap_userdn") or "",
        local.get("zimbra_ldap_password") or "",
    )
    name = local.get("zimbra_server_hostname") or ""
    server = directory.get("server", "name", name)
    argv = [PROGRAM, *options(directory.effective(server))]
    os.execv(PROGRAM, argv)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
