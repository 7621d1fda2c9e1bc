"""Spam is not bounced to its forged sender."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.wanted import (
    one_of,
)

CONTROL = Control(
    id="spam-never-bounced",
    title="Spam is not bounced to its forged sender",
    why=(
        "The sender of spam is forged: a bounce is spam to a stranger, and the server "
        "is listed for it."
    ),
    impact="Spam above the kill level is discarded without notice to its sender.",
    severity=Severity.MEDIUM,
    tips=("T18",),
    roles=("mta",),
    check=server_attr(
        "zimbraAmavisFinalSpamDestiny", one_of("D_DISCARD", "D_PASS"), role="mta"
    ),
    refs=(),
    note=(
        "Amavis filters after Postfix has accepted the mail, so D_REJECT ends as a "
        "bounce too."
    ),
    examples=(
        passes(config={"zimbraAmavisFinalSpamDestiny": "D_DISCARD"}),
        fails(config={"zimbraAmavisFinalSpamDestiny": "D_BOUNCE"}),
        unsure(missing=("ldap-config",)),
    ),
)
