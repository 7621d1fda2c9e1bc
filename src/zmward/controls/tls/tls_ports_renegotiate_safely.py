"""TLS ports know safe renegotiation."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_tls import flag, sight, spoken

CONTROL = Control(
    id="tls-ports-renegotiate-safely",
    title="TLS ports know safe renegotiation",
    why=(
        "Without it an attacker can put words of his own in front of what a client "
        "says, and the server takes both for one."
    ),
    impact="Nobody is affected; every client since 2010 knows it.",
    severity=Severity.MEDIUM,
    tips=("T31",),
    check=only_from_outside(),
    refs=("https://www.rfc-editor.org/rfc/rfc5746",),
    outside=flag(
        lambda shown: shown.safe_renegotiation,
        (True, "renegotiation_info"),
        "it does not know RFC 5746",
        "Only a TLS library of before 2010 does not: bring the host up to date.",
        (
            sight("ok", spoken(443)),
            sight("bad", spoken(443, safe_renegotiation=False)),
            sight("unknown", spoken(443, safe_renegotiation=None)),
        ),
    ),
    examples=(),
)
