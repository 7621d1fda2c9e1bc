"""Login works with the account's own name only, not with its aliases."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.outside_login import proved
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="login-by-alias-refused",
    title="Login works with the account's own name only, not with an alias",
    why=(
        "Aliases are public, often guessable names; each one is a further door for "
        "password guessing, and logs then show a name that is not the account's."
    ),
    impact="Users who log in with an alias must use the account's name.",
    severity=Severity.LOW,
    tips=("T27",),
    roles=("mailbox",),
    locks_out="users who log in with an alias",
    check=localconfig(
        "alias_login_enabled", exactly("false"), role="mailbox", since=((8, 8, 15),)
    ),
    refs=(),
    note=(
        "It takes effect after mailboxd restarts, on every mailbox node. "
        "Pre-authentication and short names without a domain are not touched. The "
        "key came with 8.8.15."
    ),
    examples=(
        passes(localconfig={"alias_login_enabled": "false"}),
        fails(localconfig={"alias_login_enabled": "true"}),
        fails(localconfig={}),
        unsure(
            localconfig={"alias_login_enabled": "false"},
            packages={"zimbra-core": "8.7.11.GA.1854"},
        ),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
    outside=proved("login-by-alias"),
)
