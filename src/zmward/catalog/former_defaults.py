"""Values that older lines of Zimbra wrote, and that an upgrade leaves as they are.

A new installation writes defaults; an upgrade adds what is new and changes nothing.
"""

from typing import Final, Literal

import msgspec


class Former(msgspec.Struct, frozen=True):
    """What new installations wrote before a line changed it."""

    attribute: str
    kind: Literal["globalConfig", "cos"]
    values: frozenset[str]
    until: str


# Read in the schema of Zimbra at 8.7.11, 8.8.15, 9.0.0 and 10.0.0.
FORMER: Final = (
    Former(
        "zimbraMailboxdSSLProtocols",
        "globalConfig",
        frozenset(("TLSv1", "TLSv1.1", "TLSv1.2", "SSLv2Hello")),
        "9.0.0",
    ),
    Former(
        "zimbraReverseProxySSLProtocols",
        "globalConfig",
        frozenset(("TLSv1", "TLSv1.1", "TLSv1.2")),
        "9.0.0",
    ),
    Former(
        "zimbraReverseProxySSLProtocols",
        "globalConfig",
        frozenset(("TLSv1.2",)),
        "10.0.0",
    ),
    Former("zimbraPrefShortEmailAddress", "cos", frozenset(("TRUE",)), "8.8.15"),
)
