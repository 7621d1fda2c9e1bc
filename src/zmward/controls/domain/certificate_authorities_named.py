"""Each domain says who may issue certificates for it (CAA)."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_records import AUTHORITIES_NAMED

CONTROL = Control(
    id="certificate-authorities-named",
    title="Each domain says who may issue certificates for it (CAA)",
    why="Any authority of the world may be tricked into a certificate of the site.",
    impact="An authority that the records do not name can no longer renew.",
    severity=Severity.LOW,
    tips=("T31",),
    check=only_from_outside(),
    refs=("https://www.rfc-editor.org/rfc/rfc8659",),
    note=("Only the records of the mail domain itself are read."),
    outside=AUTHORITIES_NAMED,
    examples=(),
)
