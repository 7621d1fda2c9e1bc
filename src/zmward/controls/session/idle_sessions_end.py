"""An idle session ends by itself."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.profiled import by_profile
from zmward.controls.shapes.wanted import lasting

CONTROL = Control(
    id="idle-sessions-end",
    title="An idle session ends by itself",
    why="A browser left open in a shared room is a mailbox left open.",
    impact="Users who were idle for that long log in again.",
    severity=Severity.LOW,
    tips=("T21",),
    roles=("mailbox",),
    locks_out="users who leave the web client open and come back",
    check=by_profile(
        lambda profile: cos_attr(
            "zimbraMailIdleSessionTimeout", lasting(profile.thresholds.idle), unset="0"
        )
    ),
    refs=(),
    note=(
        "The web client itself enforces it, and another tab that polls keeps the "
        "session alive: it does not replace a short lifetime of the token."
    ),
    examples=(
        passes(cos={"default": {"zimbraMailIdleSessionTimeout": "8h"}}, accounts={}),
        fails(
            cos={
                "default": {"zimbraMailIdleSessionTimeout": "8h"},
                "staff": {"zimbraMailIdleSessionTimeout": "0"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraMailIdleSessionTimeout": "8h"}},
            accounts={"zimbraMailIdleSessionTimeout": {"0": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
