"""The mail proxy limits IMAP and POP3 logins by address."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.wanted import between

CONTROL = Control(
    id="proxy-limits-logins-by-address",
    title="The mail proxy limits IMAP and POP3 logins by address",
    why=(
        "Guessers try thousands of passwords from one address over the protocols "
        "that the filters of the web login do not see."
    ),
    impact=(
        "Offices behind one address need a limit that is high enough, or a place "
        "in zimbraReverseProxyIPThrottleWhitelist."
    ),
    severity=Severity.LOW,
    tips=("T05",),
    roles=("proxy",),
    locks_out="many users behind one address, when the limit is too low for them",
    check=global_attr(
        "zimbraReverseProxyIPLoginLimit", between(1, 100_000, cure=600), unset="0"
    ),
    refs=(),
    note=(
        "The limit counts within zimbraReverseProxyIPLoginLimitTime (an hour). It"
        " takes effect after the proxy restarts."
    ),
    examples=(
        passes(config={"zimbraReverseProxyIPLoginLimit": "300"}),
        fails(config={"zimbraReverseProxyIPLoginLimit": "0"}),
        fails(config={}),
        unsure(missing=("ldap-config",)),
    ),
)
