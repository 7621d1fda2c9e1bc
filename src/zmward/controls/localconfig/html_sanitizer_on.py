"""Mail in HTML goes through the OWASP sanitizer."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="html-sanitizer-on",
    title="Mail in HTML goes through the OWASP sanitizer",
    why=(
        "A script that survives in a mail runs with the rights of whoever reads "
        "it; most attacks on the web client begin there."
    ),
    impact="None: it is the default.",
    severity=Severity.HIGH,
    tips=("T01",),
    roles=("mailbox",),
    check=localconfig(
        "zimbra_use_owasp_html_sanitizer", exactly("true"), role="mailbox"
    ),
    refs=(),
    examples=(
        passes(localconfig={"zimbra_use_owasp_html_sanitizer": "true"}),
        fails(localconfig={"zimbra_use_owasp_html_sanitizer": "false"}),
        passes(localconfig={}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
