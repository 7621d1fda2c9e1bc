"""Each domain says who may send its mail, and that nobody else may."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_records import SENDERS_NAMED

CONTROL = Control(
    id="spf-names-all-senders",
    title="Each domain says who may send its mail, and that nobody else may",
    why="Without SPF anybody sends in the domain's name, and no receiver can tell.",
    impact="Mail of a sender that the record forgets is refused: name all first.",
    severity=Severity.MEDIUM,
    tips=("T18",),
    check=only_from_outside(),
    refs=("https://www.rfc-editor.org/rfc/rfc7208",),
    note=(
        "~all is enough where DMARC is enforced. More than ten lookups make receivers "
        "take the record for broken."
    ),
    outside=SENDERS_NAMED,
    examples=(),
)
