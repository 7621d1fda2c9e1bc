"""A login lasts no longer than the profile allows."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.profiled import by_profile
from zmward.controls.shapes.wanted import lasting

CONTROL = Control(
    id="session-lifetime-short",
    title="A login lasts no longer than the profile allows",
    why=("A stolen session cookie opens the mailbox for as long as the token lives."),
    impact="Users log in again more often.",
    severity=Severity.MEDIUM,
    tips=("T21",),
    roles=("mailbox",),
    locks_out="users and programs that stay logged in for longer than that",
    check=by_profile(
        lambda profile: cos_attr(
            "zimbraAuthTokenLifetime", lasting(profile.thresholds.session)
        )
    ),
    refs=(),
    note=(
        "The default is 2 days, not 3. Tokens that exist keep their end; a "
        "changed password ends them all."
    ),
    examples=(
        passes(cos={"default": {"zimbraAuthTokenLifetime": "2d"}}, accounts={}),
        fails(
            cos={
                "default": {"zimbraAuthTokenLifetime": "2d"},
                "staff": {"zimbraAuthTokenLifetime": "30d"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraAuthTokenLifetime": "2d"}},
            accounts={"zimbraAuthTokenLifetime": {"30d": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
