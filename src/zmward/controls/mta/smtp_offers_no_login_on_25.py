"""Port 25, where other servers deliver, asks nobody for a password."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_smtp import no_login_on_25

CONTROL = Control(
    id="smtp-offers-no-login-on-25",
    title="Port 25 offers no login",
    why=(
        "Port 25 must be open to the world, so whoever guesses passwords finds it "
        "first; users send over 465 or 587."
    ),
    impact="Mail programs and devices that still send over port 25 must use 465.",
    severity=Severity.LOW,
    tips=("T11",),
    roles=("mta",),
    locks_out="mail programs and devices that log in on port 25",
    check=only_from_outside(),
    refs=("https://www.rfc-editor.org/rfc/rfc6409",),
    note=(
        "Zimbra offers the login on 25 and 587 alike (zimbraMtaSaslAuthEnable) and on "
        "465 always."
    ),
    examples=(),
    outside=no_login_on_25(),
)
