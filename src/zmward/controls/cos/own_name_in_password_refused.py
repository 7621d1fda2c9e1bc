"""A password may not hold the user's own name."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="own-name-in-password-refused",
    title="A password may not hold the user's own name",
    why="The name and a year is the first guess of everybody who tries.",
    impact="Users must choose another password when they next change it.",
    severity=Severity.LOW,
    tips=("T26",),
    roles=("mailbox",),
    check=cos_attr(
        "zimbraFeatureAllowUsernameInPassword", exactly("FALSE"), unset="TRUE"
    ),
    refs=(),
    note="The setting came with 10.1.",
    examples=(
        passes(
            schema=frozenset({"zimbrafeatureallowusernameinpassword"}),
            cos={"default": {"zimbraFeatureAllowUsernameInPassword": "FALSE"}},
            accounts={},
        ),
        fails(
            schema=frozenset({"zimbrafeatureallowusernameinpassword"}),
            cos={
                "default": {"zimbraFeatureAllowUsernameInPassword": "FALSE"},
                "staff": {"zimbraFeatureAllowUsernameInPassword": "TRUE"},
            },
            accounts={},
        ),
        fails(
            schema=frozenset({"zimbrafeatureallowusernameinpassword"}),
            cos={"default": {"zimbraFeatureAllowUsernameInPassword": "FALSE"}},
            accounts={
                "zimbraFeatureAllowUsernameInPassword": {"TRUE": ["boss@example.com"]}
            },
        ),
        unconcerned(schema=frozenset({"zimbraid"}), cos={"default": {}}, accounts={}),
        unsure(
            schema=frozenset({"zimbrafeatureallowusernameinpassword"}),
            missing=("ldap-cos",),
            accounts={},
        ),
    ),
)
