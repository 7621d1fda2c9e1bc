"""Users cannot forward all their mail elsewhere."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="forwarding-by-users-off",
    title="Users cannot forward all their mail elsewhere",
    why=(
        "A forward that a thief sets keeps copying mail out long after the "
        "password was changed."
    ),
    impact=(
        "Users can set no forwarding address; addresses that are set stay until "
        "they are removed."
    ),
    severity=Severity.LOW,
    tips=("T30",),
    roles=("mailbox",),
    locks_out="users who forward their mail",
    check=unless_wanted(
        "forwarding", cos_attr("zimbraFeatureMailForwardingEnabled", exactly("FALSE"))
    ),
    refs=(),
    note="Releases before 10.1.20 let a user get round this setting.",
    examples=(
        passes(
            cos={"default": {"zimbraFeatureMailForwardingEnabled": "FALSE"}},
            accounts={},
        ),
        fails(
            cos={
                "default": {"zimbraFeatureMailForwardingEnabled": "FALSE"},
                "staff": {"zimbraFeatureMailForwardingEnabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraFeatureMailForwardingEnabled": "FALSE"}},
            accounts={
                "zimbraFeatureMailForwardingEnabled": {"TRUE": ["boss@example.com"]}
            },
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"forwarding": "wanted"}},
            cos={"default": {"zimbraFeatureMailForwardingEnabled": "TRUE"}},
            accounts={},
        ),
    ),
)
