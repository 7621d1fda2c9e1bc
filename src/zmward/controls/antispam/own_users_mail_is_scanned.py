"""Mail of one's own users is scanned for spam as well."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.wanted import (
    exactly,
)

CONTROL = Control(
    id="own-users-mail-is-scanned",
    title="Mail of one's own users is scanned for spam as well",
    why=(
        "A stolen account sends spam as an authenticated user; unscanned, it ruins the"
        " server's reputation before anybody notices."
    ),
    impact="Outgoing mail that looks like spam is held back.",
    locks_out="users whose wanted mail looks like spam",
    severity=Severity.MEDIUM,
    tips=("T18",),
    roles=("mta",),
    check=server_attr(
        "zimbraAmavisOriginatingBypassSA", exactly("FALSE"), role="antispam"
    ),
    refs=(),
    examples=(
        passes(config={"zimbraAmavisOriginatingBypassSA": "FALSE"}),
        fails(config={"zimbraAmavisOriginatingBypassSA": "TRUE"}),
        unsure(missing=("ldap-config",)),
    ),
)
