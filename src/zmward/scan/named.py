"""Which service answers on a port, as far as its own words tell."""

from typing import Literal

import msgspec

# The protocols that are told apart; an empty word is one that nobody recognised.
Service = Literal[
    "",
    "smtp",
    "lmtp",
    "imap",
    "pop3",
    "http",
    "ldap",
    "memcached",
    "ssh",
    "mysql",
    "zmconfigd",
    "clamd",
    "xmpp",
    "dns",
    "policyd",
    "milter",
    "tls",
]


class Named(msgspec.Struct, frozen=True):
    """A service, the product behind it and its version, as it says itself.

    `tls`: it speaks inside TLS from the start.
    """

    service: Service
    product: str = ""
    version: str = ""
    tls: bool = False
