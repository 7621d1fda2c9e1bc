"""New passwords have the length that the profile asks for."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.profiled import by_profile
from zmward.controls.shapes.wanted import at_least

CONTROL = Control(
    id="passwords-long-enough",
    title="New passwords have the length that the profile asks for",
    why=(
        "Length is what slows guessing; the default of six characters falls "
        "within minutes."
    ),
    impact=(
        "Nobody is locked out: the rule is applied when a password is next changed."
    ),
    severity=Severity.MEDIUM,
    tips=("T26",),
    roles=("mailbox",),
    check=by_profile(
        lambda profile: cos_attr(
            "zimbraPasswordMinLength", at_least(profile.thresholds.password_length)
        )
    ),
    refs=(),
    note=(
        "Accounts whose domain authenticates elsewhere follow the rules of that place."
    ),
    examples=(
        passes(cos={"default": {"zimbraPasswordMinLength": "14"}}, accounts={}),
        fails(
            cos={
                "default": {"zimbraPasswordMinLength": "14"},
                "staff": {"zimbraPasswordMinLength": "6"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraPasswordMinLength": "14"}},
            accounts={"zimbraPasswordMinLength": {"6": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        passes(
            profile={"thresholds": {"password-length": 8}},
            cos={"default": {"zimbraPasswordMinLength": "8"}},
            accounts={},
        ),
    ),
)
