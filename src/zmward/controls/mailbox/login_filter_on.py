"""Addresses with many failed web logins are shut out for a while."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.wanted import between

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
    check=server_attr(
        "zimbraInvalidLoginFilterMaxFailedLogin",
        between(1, 100, cure=10),
        role="mailbox",
    ),
    refs=(),
    note=(
        "It needs the right client address (zimbraMailTrustedIP): without it the "
        "proxy itself is shut out, and everybody with it. It takes effect after "
        "mailboxd restarts."
    ),
    examples=(
        passes(config={"zimbraInvalidLoginFilterMaxFailedLogin": "10"}),
        fails(config={"zimbraInvalidLoginFilterMaxFailedLogin": "0"}),
        fails(
            config={"zimbraInvalidLoginFilterMaxFailedLogin": "10"},
            server={"zimbraInvalidLoginFilterMaxFailedLogin": "0"},
        ),
        unsure(config={}),
        unsure(missing=("ldap-config",)),
        unconcerned(services=("proxy",), config={}),
    ),
)
