"""Folders are not shared with guests from outside."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="sharing-with-guests-off",
    title="Folders are not shared with guests from outside",
    why=(
        "A guest account is a login with a password of its own that nobody in the "
        "organisation manages, and shared data leaves the house unseen."
    ),
    impact=(
        "New shares to outside addresses are refused; shares that exist stay until "
        "somebody revokes them."
    ),
    severity=Severity.LOW,
    tips=("T28",),
    roles=("mailbox",),
    locks_out="users who share folders with people outside",
    check=unless_wanted(
        "external_sharing",
        cos_attr("zimbraExternalSharingEnabled", exactly("FALSE")),
    ),
    refs=(),
    examples=(
        passes(cos={"default": {"zimbraExternalSharingEnabled": "FALSE"}}, accounts={}),
        fails(cos={"default": {"zimbraExternalSharingEnabled": "TRUE"}}, accounts={}),
        fails(
            cos={"default": {"zimbraExternalSharingEnabled": "FALSE"}},
            accounts={"zimbraExternalSharingEnabled": {"TRUE": ["boss@example.com"]}},
        ),
        unsure(cos={"default": {}}, accounts={}),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
