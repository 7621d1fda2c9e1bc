"""After a login the browser is sent nowhere else."""

import re

from msgspec.structs import replace

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import Wanted

_BEGINNING = re.compile(r"https://[A-Za-z0-9.-]+(:\d+)?/\S*|/[^/\\\s]\S*")
_HOME = Wanted(
    "empty, a path, or https://HOST/",
    lambda found: all(_BEGINNING.fullmatch(value) for value in found if value),
    lambda _: None,
)


CONTROL = Control(
    id="redirects-after-login-stay-home",
    title="After a login the browser is sent nowhere else",
    why="An open redirect lends the name of the mail server to phishing pages.",
    impact="Portals whose redirect no longer matches are answered with an error.",
    severity=Severity.MEDIUM,
    tips=("T25",),
    roles=("mailbox",),
    check=replace(
        localconfig(
            "zimbra_allowed_redirect_url", _HOME, role="mailbox", since=((10, 0, 0),)
        ),
        cures=False,
    ),
    refs=(),
    note=(
        "The value is compared as a plain beginning, so that "
        "https://portal.example.com also lets "
        "https://portal.example.com.evil.example in: end it with a slash; a slash "
        "alone lets //evil.example in. The key came with 10.0: earlier releases "
        "followed any address."
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
        passes(localconfig={"zimbra_allowed_redirect_url": "/portal"}),
        fails(localconfig={"zimbra_allowed_redirect_url": "/"}),
        fails(localconfig={"zimbra_allowed_redirect_url": "//evil.example"}),
        unsure(localconfig={}, packages={"zimbra-core": "9.0.0.GA.3954"}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
