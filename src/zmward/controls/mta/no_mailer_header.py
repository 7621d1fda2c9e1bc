"""Mail from the web client does not name the software that wrote it."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.outside_login import proved
from zmward.controls.shapes.wanted import (
    exactly,
)

CONTROL = Control(
    id="no-mailer-header",
    title="Mail from the web client does not name the software that wrote it",
    why=(
        "X-Mailer tells every recipient which Zimbra version runs here, and so which "
        "holes it has."
    ),
    impact="Nobody is affected.",
    severity=Severity.LOW,
    tips=("T35",),
    roles=("mailbox",),
    check=global_attr("zimbraSmtpSendAddMailer", exactly("FALSE")),
    refs=(),
    note="The published guide's FALSO is a translated FALSE; zmprov refuses it.",
    examples=(
        passes(config={"zimbraSmtpSendAddMailer": "FALSE"}),
        fails(config={"zimbraSmtpSendAddMailer": "TRUE"}),
        unsure(missing=("ldap-config",)),
    ),
    outside=proved("sent-headers"),
)
