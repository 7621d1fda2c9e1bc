"""A login of an administrator lasts no longer than the profile allows."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.profiled import by_profile
from zmward.controls.shapes.wanted import lasting

CONTROL = Control(
    id="admin-session-lifetime-short",
    title="A login of an administrator lasts no longer than the profile allows",
    why=(
        "A stolen administrator session opens every mailbox for as long as the "
        "token lives."
    ),
    impact="Administrators log in again more often.",
    severity=Severity.HIGH,
    tips=("T21",),
    roles=("mailbox",),
    locks_out="administrators and scripts that stay logged in for longer than that",
    check=by_profile(
        lambda profile: cos_attr(
            "zimbraAdminAuthTokenLifetime", lasting(profile.thresholds.admin_session)
        )
    ),
    refs=(),
    examples=(
        passes(cos={"default": {"zimbraAdminAuthTokenLifetime": "12h"}}, accounts={}),
        fails(
            cos={
                "default": {"zimbraAdminAuthTokenLifetime": "12h"},
                "staff": {"zimbraAdminAuthTokenLifetime": "30d"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraAdminAuthTokenLifetime": "12h"}},
            accounts={"zimbraAdminAuthTokenLifetime": {"30d": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
