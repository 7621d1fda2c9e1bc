"""The mailbox server speaks TLS 1.2 and newer only."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.outside_tls import MAILBOX_PORTS, modern_protocols, on
from zmward.controls.shapes.wanted import (
    Values,
    Wanted,
)

_MODERN = ("TLSv1.2", "TLSv1.3")


def _holds(found: Values) -> bool:
    return bool(found) and set(found) <= set(_MODERN)


CONTROL = Control(
    id="mailboxd-speaks-modern-tls",
    title="The mailbox server speaks TLS 1.2 and newer only",
    why=(
        "TLS 1.0 and 1.1 are broken and forbidden by RFC 8996; the console on 7071 "
        "speaks what is set here."
    ),
    impact="Clients from before about 2014 can no longer connect without the proxy.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=("mailbox",),
    locks_out="very old clients of the mailbox server's own ports",
    check=server_attr(
        "zimbraMailboxdSSLProtocols",
        Wanted("TLSv1.2 and TLSv1.3 only", _holds, lambda _: _MODERN),
        role="mailbox",
    ),
    refs=("https://www.rfc-editor.org/rfc/rfc8996",),
    note=(
        "zmconfigd does not watch it: zmmailboxdctl restart, some minutes without "
        "mail. 8.8.15 shipped TLSv1, TLSv1.1 and SSLv2Hello, and an upgrade keeps "
        "them."
    ),
    outside=modern_protocols(
        on(*MAILBOX_PORTS),
        "On the host this control sets zimbraMailboxdSSLProtocols.",
        port=7071,
    ),
    examples=(
        passes(config={"zimbraMailboxdSSLProtocols": ("TLSv1.2",)}),
        fails(config={"zimbraMailboxdSSLProtocols": ("TLSv1", "TLSv1.2")}),
        unsure(missing=("ldap-config",)),
    ),
)
