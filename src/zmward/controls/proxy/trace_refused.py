"""The web server does not give requests back (TRACE)."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_http_doors import trace_refused

CONTROL = Control(
    id="trace-refused",
    title="The web server does not give requests back (TRACE)",
    why=(
        "An answer that repeats the request shows what the proxies on the way add "
        "to it, and cookies that no script may read."
    ),
    impact="None: no browser and no mail client uses TRACE.",
    severity=Severity.LOW,
    tips=("T34",),
    roles=("proxy",),
    check=only_from_outside(),
    refs=("https://www.rfc-editor.org/rfc/rfc9110#section-9.3.8",),
    examples=(),
    outside=trace_refused(),
)
