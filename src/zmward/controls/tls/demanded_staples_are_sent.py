"""Ports staple OCSP where their certificate demands it."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_certificates import stapled

CONTROL = Control(
    id="demanded-staples-are-sent",
    title="Ports staple OCSP where their certificate demands it",
    why=(
        "A certificate with the mark must-staple is refused by browsers that keep to "
        "it wherever no staple comes along, and mailboxd and Postfix never send one."
    ),
    impact="The services restart when another certificate is deployed.",
    severity=Severity.MEDIUM,
    tips=("T31",),
    check=only_from_outside(),
    refs=("https://www.rfc-editor.org/rfc/rfc7633",),
    note=(
        "No attribute of Zimbra turns stapling on, and several authorities have ended "
        "OCSP: where a certificate demands no staple, its absence is no fault."
    ),
    outside=stapled(
        "Get a certificate without must-staple and deploy it: zmcertmgr deploycrt."
    ),
    examples=(),
)
