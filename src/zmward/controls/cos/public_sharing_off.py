"""Folders are not shared with the public."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="public-sharing-off",
    title="Folders are not shared with the public",
    why=(
        "A public share has a plain address and no login: whoever learns or "
        "guesses it reads the folder."
    ),
    impact=(
        "New public shares are refused; those that exist stay until somebody "
        "revokes them."
    ),
    severity=Severity.LOW,
    tips=("T28",),
    roles=("mailbox",),
    locks_out="users who publish calendars or folders",
    check=unless_wanted(
        "public_sharing", cos_attr("zimbraPublicSharingEnabled", exactly("FALSE"))
    ),
    refs=(),
    examples=(
        passes(cos={"default": {"zimbraPublicSharingEnabled": "FALSE"}}, accounts={}),
        fails(
            cos={
                "default": {"zimbraPublicSharingEnabled": "FALSE"},
                "staff": {"zimbraPublicSharingEnabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraPublicSharingEnabled": "FALSE"}},
            accounts={"zimbraPublicSharingEnabled": {"TRUE": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"public-sharing": "wanted"}},
            cos={"default": {"zimbraPublicSharingEnabled": "TRUE"}},
            accounts={},
        ),
    ),
)
