"""Passwords are not reset by a code sent elsewhere."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.wanted import one_of

CONTROL = Control(
    id="password-reset-by-mail-off",
    title="Passwords are not reset by a code sent elsewhere",
    why=(
        "The reset makes the mailbox as safe as the least guarded address behind "
        "it, and its code was guessable in several releases (CVE-2025-54390)."
    ),
    impact="Users who forgot their password ask an administrator.",
    severity=Severity.MEDIUM,
    tips=("T26",),
    roles=("mailbox",),
    locks_out="users who reset a forgotten password by themselves",
    check=cos_attr(
        "zimbraFeatureResetPasswordStatus",
        one_of("disabled", "suspended"),
    ),
    refs=(),
    note="Where a class of service says nothing the domain's value counts.",
    examples=(
        passes(
            schema=frozenset({"zimbrafeatureresetpasswordstatus"}),
            cos={"default": {"zimbraFeatureResetPasswordStatus": "disabled"}},
            accounts={},
        ),
        fails(
            schema=frozenset({"zimbrafeatureresetpasswordstatus"}),
            cos={
                "default": {"zimbraFeatureResetPasswordStatus": "disabled"},
                "staff": {"zimbraFeatureResetPasswordStatus": "enabled"},
            },
            accounts={},
        ),
        fails(
            schema=frozenset({"zimbrafeatureresetpasswordstatus"}),
            cos={"default": {"zimbraFeatureResetPasswordStatus": "disabled"}},
            accounts={
                "zimbraFeatureResetPasswordStatus": {"enabled": ["boss@example.com"]}
            },
        ),
        unconcerned(schema=frozenset({"zimbraid"}), cos={"default": {}}, accounts={}),
        unsure(
            schema=frozenset({"zimbrafeatureresetpasswordstatus"}),
            cos={"default": {}},
            accounts={},
        ),
        unsure(
            schema=frozenset({"zimbrafeatureresetpasswordstatus"}),
            missing=("ldap-cos",),
            accounts={},
        ),
    ),
)
