"""The client address is read from X-Forwarded-For."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import matching

CONTROL = Control(
    id="origin-header-is-forwarded-for",
    title="The client address is read from X-Forwarded-For",
    why=(
        "nginx tells the client's address in that header; another name leaves the"
        " proxy's own address in every log line."
    ),
    impact="Restart mailboxd; a balancer that sends another header needs a waiver.",
    severity=Severity.MEDIUM,
    tips=("T32",),
    roles=("mailbox",),
    check=localconfig(
        "zimbra_http_originating_ip_header",
        matching("(?i)x-forwarded-for", "X-Forwarded-For", ("X-Forwarded-For",)),
        role="mailbox",
    ),
    refs=(),
    examples=(
        passes(localconfig={"zimbra_http_originating_ip_header": "X-Forwarded-For"}),
        fails(localconfig={"zimbra_http_originating_ip_header": "X-Real-IP"}),
        passes(localconfig={}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
