"""After a login the browser is sent nowhere else."""

import re

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import Wanted

_WHOLE = re.compile(r"https://[A-Za-z0-9.-]+(:\d+)?/\S*|/\S*")
_HOME = Wanted(
    "empty, a path, or https://HOST/",
    lambda found: all(_WHOLE.fullmatch(value) for value in found if value),
    lambda _: ("",),
)


CONTROL = Control(
    id="redirects-after-login-stay-home",
    title="After a login the browser is sent nowhere else",
    why="An open redirect lends the name of the mail server to phishing pages.",
    impact="Portals that need a redirect elsewhere name its whole address.",
    severity=Severity.MEDIUM,
    tips=("T25",),
    roles=("mailbox",),
    check=localconfig("zimbra_allowed_redirect_url", _HOME, role="mailbox"),
    refs=(),
    note=(
        "The value is compared as a plain beginning, so that "
        "https://portal.example.com also lets "
        "https://portal.example.com.evil.example in: end it with a slash. The key"
        " came with 10.0."
    ),
    examples=(
        passes(localconfig={}),
        passes(
            localconfig={"zimbra_allowed_redirect_url": "https://portal.example.com/"}
        ),
        fails(localconfig={"zimbra_allowed_redirect_url": "http"}),
        fails(
            localconfig={"zimbra_allowed_redirect_url": "https://portal.example.com"}
        ),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
