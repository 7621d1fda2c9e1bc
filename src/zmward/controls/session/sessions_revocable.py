"""A changed password ends the sessions of its account."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="sessions-revocable",
    title="A changed password ends the sessions of its account",
    why=(
        "Otherwise whoever stole a session keeps it, although the user has "
        "changed the password."
    ),
    impact="None: it is the default.",
    severity=Severity.HIGH,
    tips=("T21",),
    roles=("mailbox",),
    check=global_attr("zimbraAuthTokenValidityValueEnabled", exactly("TRUE")),
    refs=(),
    examples=(
        passes(config={"zimbraAuthTokenValidityValueEnabled": "TRUE"}),
        fails(config={"zimbraAuthTokenValidityValueEnabled": "FALSE"}),
        unsure(config={}),
        unsure(missing=("ldap-config",)),
    ),
)
