"""The mailbox server refuses renegotiation by the client."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.wanted import (
    exactly,
)

_ATTR = "zimbraMailboxdSSLRenegotiationAllowed"
_OBJECTS = frozenset({"globalConfig", "server"})
_KNOWN = {_ATTR.lower(): _OBJECTS}

CONTROL = Control(
    id="mailboxd-refuses-renegotiation",
    title="The mailbox server refuses renegotiation by the client",
    why=(
        "A client that renegotiates again and again makes the server do the costly "
        "half of the work each time."
    ),
    impact="Nobody is affected; no current client renegotiates.",
    severity=Severity.LOW,
    tips=("T31",),
    roles=("mailbox",),
    check=server_attr(
        "zimbraMailboxdSSLRenegotiationAllowed", exactly("FALSE"), role="mailbox"
    ),
    refs=(),
    note=(
        "zmconfigd does not watch it: zmmailboxdctl restart. TLS 1.3 has no "
        "renegotiation."
    ),
    examples=(
        passes(schema=_KNOWN, config={_ATTR: "FALSE"}),
        fails(schema=_KNOWN, config={_ATTR: "TRUE"}),
        unsure(schema=_KNOWN, missing=("ldap-config",)),
    ),
)
