"""Passwords that everybody uses are refused."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="common-passwords-refused",
    title="Passwords that everybody uses are refused",
    why=("Attackers try the few thousand commonest passwords first, at every account."),
    impact="Users must choose another password when they next change it.",
    severity=Severity.MEDIUM,
    tips=("T26",),
    roles=("mailbox",),
    check=cos_attr("zimbraPasswordBlockCommonEnabled", exactly("TRUE"), unset="FALSE"),
    refs=(),
    note="The setting came with 10.0.",
    examples=(
        passes(
            schema=frozenset({"zimbrapasswordblockcommonenabled"}),
            cos={"default": {"zimbraPasswordBlockCommonEnabled": "TRUE"}},
            accounts={},
        ),
        fails(
            schema=frozenset({"zimbrapasswordblockcommonenabled"}),
            cos={
                "default": {"zimbraPasswordBlockCommonEnabled": "TRUE"},
                "staff": {"zimbraPasswordBlockCommonEnabled": "FALSE"},
            },
            accounts={},
        ),
        fails(
            schema=frozenset({"zimbrapasswordblockcommonenabled"}),
            cos={"default": {"zimbraPasswordBlockCommonEnabled": "TRUE"}},
            accounts={
                "zimbraPasswordBlockCommonEnabled": {"FALSE": ["boss@example.com"]}
            },
        ),
        unconcerned(schema=frozenset({"zimbraid"}), cos={"default": {}}, accounts={}),
        unsure(
            schema=frozenset({"zimbrapasswordblockcommonenabled"}),
            missing=("ldap-cos",),
            accounts={},
        ),
    ),
)
