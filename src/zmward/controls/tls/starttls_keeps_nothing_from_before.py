"""What was sent before STARTTLS is not obeyed inside TLS."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_mailbox import nothing_kept_before_tls

CONTROL = Control(
    id="starttls-keeps-nothing-from-before",
    title="What was sent before STARTTLS is thrown away",
    why=(
        "Whoever sits between could put a command before the encryption that the "
        "server then takes for the user's own, and read the mail or the password."
    ),
    impact="Nobody is affected.",
    severity=Severity.HIGH,
    tips=("T31",),
    check=only_from_outside(),
    refs=("https://www.postfix.org/CVE-2011-0411.html",),
    note=(
        "A harmless NOOP is sent behind STARTTLS in one piece; a server that answers "
        "it inside TLS has kept it."
    ),
    examples=(),
    outside=nothing_kept_before_tls(),
)
