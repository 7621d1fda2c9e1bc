"""What a directory tells a stranger: its root, and whether anything beyond it."""

import msgspec

from zmward.scan.line import Ask, Dial, Exchange


class LdapShown(msgspec.Struct, frozen=True, tag="ldap"):
    """One port that speaks LDAP, and what it shows without a password."""

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> LdapShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    del ask, tls
    return LdapShown(dial.address, port, trouble="not asked in this version")
