"""One account cannot take all threads of the web server."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import between

CONTROL = Control(
    id="requests-per-account-limited",
    title="One account cannot take all threads of the web server",
    why=(
        "A single client that floods the server with requests stops the mail of "
        "everybody."
    ),
    impact="None: it is the default.",
    severity=Severity.LOW,
    tips=("T32",),
    roles=("mailbox",),
    check=localconfig(
        "servlet_max_concurrent_http_requests_per_account",
        between(1, 100, cure=10),
        role="mailbox",
    ),
    refs=(),
    examples=(
        passes(localconfig={"servlet_max_concurrent_http_requests_per_account": "10"}),
        fails(localconfig={"servlet_max_concurrent_http_requests_per_account": "0"}),
        passes(localconfig={}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
