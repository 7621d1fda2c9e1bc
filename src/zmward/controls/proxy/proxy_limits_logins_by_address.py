"""The mail proxy limits IMAP and POP3 logins by address."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import at_least, between

_LIMIT = "zimbraReverseProxyIPLoginLimit"
_TIME = "zimbraReverseProxyIPLoginLimitTime"


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
    check=layers(
        global_attr(
            "zimbraReverseProxyIPLoginLimit", between(1, 10_000, cure=600), unset="0"
        ),
        global_attr("zimbraReverseProxyIPLoginLimitTime", at_least(600, cure=3600)),
    ),
    refs=(),
    note=(
        "The limit counts within zimbraReverseProxyIPLoginLimitTime (an hour). It"
        " takes effect after the proxy restarts."
    ),
    examples=(
        passes(config={_LIMIT: "300", _TIME: "3600"}),
        fails(config={_LIMIT: "0", _TIME: "3600"}),
        fails(config={_LIMIT: "300", _TIME: "1"}),
        fails(config={_TIME: "3600"}),
        unsure(config={_LIMIT: "300"}),
        unsure(missing=("ldap-config",)),
    ),
)
