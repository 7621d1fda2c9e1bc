"""zmldapanon: opens the address book to anonymous readers, or closes it."""

import sys
from collections.abc import Sequence
from xml.etree.ElementTree import ParseError

import ldap

from . import localconfig
from .access import closed, opened
from .directory import Directory
from .errors import ProvisioningError

_DATABASE = "olcDatabase={2}mdb,cn=config"


def main(argv: Sequence[str]) -> int:
    """Run zmldapanon."""
    act = {"-e": opened, "-d": closed}.get(argv[0] if argv else "")
    if act is None:
        print("usage: zmldapanon [-e|-d]", file=sys.stderr)
        return 1
    try:
        local = localconfig.load()
        url = (local.get("ldap_url") or "").split()[0]
        link = Directory(url, "cn=config", local.get("ldap_root_password") or "").link
        ((_, found),) = link.search_s(
            _DATABASE, ldap.SCOPE_BASE, attrlist=["olcAccess"]
        )
        rules = [act(rule.decode()).encode() for rule in found["olcAccess"]]
        link.modify_s(_DATABASE, [(ldap.MOD_REPLACE, "olcAccess", rules)])
    except (OSError, ParseError, ldap.LDAPError, ProvisioningError) as error:
        print(f"zmldapanon: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
