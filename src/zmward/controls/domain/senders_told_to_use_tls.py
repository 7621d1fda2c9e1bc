"""Other mail servers are told to use TLS (MTA-STS or DANE)."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_records import SENDERS_TOLD

CONTROL = Control(
    id="senders-told-to-use-tls",
    title="Other mail servers are told to use TLS (MTA-STS or DANE)",
    why="STARTTLS is offered in the clear: whoever is on the way takes it out.",
    impact="Servers that know the policy keep mail back while a certificate is wrong.",
    severity=Severity.LOW,
    tips=("T31",),
    check=only_from_outside(),
    refs=(
        "https://www.rfc-editor.org/rfc/rfc8461",
        "https://www.rfc-editor.org/rfc/rfc7672",
    ),
    note="DANE counts only where the resolver that was asked proves answers (DNSSEC).",
    outside=SENDERS_TOLD,
    examples=(),
)
