"""Requests of the web client carry a token against forgery."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="csrf-tokens-checked",
    title="Requests of the web client carry a token against forgery",
    why=(
        "Without it another site that the user visits can make the user's own "
        "browser change filters or send mail."
    ),
    impact="None: it is the default.",
    severity=Severity.HIGH,
    tips=("T34",),
    roles=("mailbox",),
    check=global_attr("zimbraCsrfTokenCheckEnabled", exactly("TRUE")),
    refs=(),
    examples=(
        passes(config={"zimbraCsrfTokenCheckEnabled": "TRUE"}),
        fails(config={"zimbraCsrfTokenCheckEnabled": "FALSE"}),
        unsure(config={}),
        unsure(missing=("ldap-config",)),
    ),
)
