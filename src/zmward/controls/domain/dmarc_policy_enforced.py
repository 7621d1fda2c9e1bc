"""Each domain asks receivers to put forged mail away."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_records import RECEIVERS_TOLD

CONTROL = Control(
    id="dmarc-policy-enforced",
    title="Each domain asks receivers to put forged mail away",
    why="SPF and DKIM alone do not look at the sender that people see; DMARC does.",
    impact="Mail that others send for the domain without SPF and DKIM is put away.",
    severity=Severity.MEDIUM,
    tips=("T18",),
    check=only_from_outside(),
    refs=("https://www.rfc-editor.org/rfc/rfc7489",),
    note="Begin with p=none and rua=, read the reports for weeks, then raise it.",
    outside=RECEIVERS_TOLD,
    examples=(),
)
