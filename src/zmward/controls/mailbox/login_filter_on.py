"""Addresses with many failed web logins are shut out for a while."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import between

_MOST = "zimbraInvalidLoginFilterMaxFailedLogin"
_WAIT = "zimbraInvalidLoginFilterDelayInMinBetwnReqBeforeReinstating"

CONTROL = Control(
    id="login-filter-on",
    title="Addresses with many failed web logins are shut out for a while",
    why=(
        "It is the one brake on guessing over SOAP and the web that Zimbra itself has."
    ),
    impact=(
        "An office behind one address is shut out together, when the limit is too low."
    ),
    severity=Severity.MEDIUM,
    tips=("T05",),
    roles=("mailbox",),
    locks_out=(
        "users behind one address, when the proxy is not trusted: its own address"
        " is then shut out"
    ),
    check=layers(
        server_attr(_MOST, between(1, 100, cure=10), role="mailbox"),
        server_attr(_WAIT, between(5, 1440, cure=15), role="mailbox"),
    ),
    refs=(),
    note=(
        "It needs the right client address (zimbraMailTrustedIP): without it the "
        "proxy itself is shut out, and everybody with it. It takes effect after "
        "mailboxd restarts. Who is shut out for less than minutes goes on guessing."
    ),
    examples=(
        passes(config={_MOST: "10", _WAIT: "15"}),
        fails(config={_MOST: "0", _WAIT: "15"}),
        fails(config={_MOST: "10", _WAIT: "0"}),
        fails(config={_MOST: "10", _WAIT: "15"}, server={_MOST: "0"}),
        unsure(config={_MOST: "10"}),
        unsure(config={}),
        unsure(missing=("ldap-config",)),
        unconcerned(services=("proxy",), config={}),
    ),
)
