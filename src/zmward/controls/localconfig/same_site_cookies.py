"""Session cookies are not sent along from other sites."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import one_of

CONTROL = Control(
    id="same-site-cookies",
    title="Session cookies are not sent along from other sites",
    why=(
        "A cookie without SameSite goes along with requests that other sites "
        "cause, which is what request forgery lives on."
    ),
    impact=(
        "Strict also breaks links in mail and logins that come from a portal; "
        "Lax, the value set here, does not."
    ),
    severity=Severity.MEDIUM,
    tips=("T34",),
    roles=("mailbox",),
    check=localconfig(
        "zimbra_same_site_cookie",
        one_of("Lax", "Strict"),
        role="mailbox",
        since=((8, 8, 15, 31, 0), (9, 0, 0, 24, 0)),
    ),
    refs=(),
    note=(
        "The published guide says that Strict is the default; it is the empty value "
        "since "
        '9.0.0 P25 and 8.8.15 P32. "Rigido" is Strict, translated by a machine: '
        "browsers ignore it. Releases before 9.0.0 P24 and 8.8.15 P31 do not know the "
        "key. The value takes effect after mailboxd restarts."
    ),
    examples=(
        passes(localconfig={"zimbra_same_site_cookie": "Lax"}),
        passes(localconfig={"zimbra_same_site_cookie": "Strict"}),
        fails(localconfig={}),
        unsure(
            localconfig={"zimbra_same_site_cookie": "Lax"},
            packages={"zimbra-core": "8.8.15.GA.3869"},
        ),
        fails(localconfig={"zimbra_same_site_cookie": "Rigido"}),
        fails(localconfig={"zimbra_same_site_cookie": "strict"}),
        fails(localconfig={"zimbra_same_site_cookie": "None"}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
