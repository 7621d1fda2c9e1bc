"""Each mail server's address has a name that leads back to it."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_records import NAMED_BOTH_WAYS

CONTROL = Control(
    id="mail-servers-named-both-ways",
    title="Each mail server's address has a name that leads back to it",
    why="Large receivers refuse mail from addresses that have no name of their own.",
    impact="Nobody is affected.",
    severity=Severity.MEDIUM,
    tips=("T18",),
    check=only_from_outside(),
    refs=("https://www.rfc-editor.org/rfc/rfc1912#section-2.1",),
    note=("Of the first four servers that take the domain's mail."),
    outside=NAMED_BOTH_WAYS,
    examples=(),
)
