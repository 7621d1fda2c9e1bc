"""Users cannot share their folders."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="sharing-off",
    title="Users cannot share their folders",
    why=(
        "Each share widens what one stolen password opens, and shares outlive the"
        " reason for which they were made."
    ),
    impact=(
        "Users can make no new shares, not even with colleagues; shares that "
        "exist stay."
    ),
    severity=Severity.LOW,
    tips=("T28",),
    roles=("mailbox",),
    locks_out="users who share folders with colleagues",
    check=unless_wanted(
        "sharing", cos_attr("zimbraFeatureSharingEnabled", exactly("FALSE"))
    ),
    refs=(),
    note=(
        "Most sites want shared calendars: say so in the profile "
        "(services.sharing). Switching the feature off revokes nothing."
    ),
    examples=(
        passes(cos={"default": {"zimbraFeatureSharingEnabled": "FALSE"}}, accounts={}),
        fails(
            cos={
                "default": {"zimbraFeatureSharingEnabled": "FALSE"},
                "staff": {"zimbraFeatureSharingEnabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraFeatureSharingEnabled": "FALSE"}},
            accounts={"zimbraFeatureSharingEnabled": {"TRUE": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"sharing": "wanted"}},
            cos={"default": {"zimbraFeatureSharingEnabled": "TRUE"}},
            accounts={},
        ),
    ),
)
