"""Users can open the attachments that arrive."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr, global_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import exactly

_OFF = {"zimbraAttachmentsBlocked": "FALSE"}

CONTROL = Control(
    id="attachments-stay-readable",
    title="Users can open the attachments that arrive",
    why=(
        "zimbraAttachmentsBlocked hides every attachment of every kind; the list of "
        "dangerous ones is another attribute."
    ),
    impact="Users see their attachments again.",
    severity=Severity.LOW,
    tips=("T17",),
    roles=("mailbox",),
    check=layers(
        global_attr("zimbraAttachmentsBlocked", exactly("FALSE")),
        cos_attr("zimbraAttachmentsBlocked", exactly("FALSE")),
    ),
    refs=(),
    note=(
        "The published guide's sample output shows TRUE as if it were part of the "
        "recipe; copying"
        " it blocks all attachments."
    ),
    examples=(
        passes(config=_OFF, cos={"default": _OFF}, accounts={}),
        fails(
            config=_OFF,
            cos={"default": {"zimbraAttachmentsBlocked": "TRUE"}},
            accounts={},
        ),
        fails(
            config={"zimbraAttachmentsBlocked": "TRUE"},
            cos={"default": _OFF},
            accounts={},
        ),
        unsure(config=_OFF, missing=("ldap-cos",), accounts={}),
    ),
)
