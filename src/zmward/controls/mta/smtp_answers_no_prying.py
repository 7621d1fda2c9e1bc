"""VRFY, EXPN and ETRN tell strangers nothing and start nothing for them."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_prying import no_questions

CONTROL = Control(
    id="smtp-answers-no-prying",
    title="VRFY, EXPN and ETRN tell strangers nothing",
    why=(
        "VRFY says quickly which addresses exist, for those who send spam or guess "
        "passwords; ETRN lets a stranger start the queue."
    ),
    impact="Nobody is affected: no mail server needs these commands.",
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=only_from_outside(),
    refs=(
        "https://www.postfix.org/postconf.5.html#disable_vrfy_command",
        "https://www.postfix.org/ETRN_README.html",
    ),
    note=(
        "An answer that is the same for an address that exists and for one that does "
        "not tells nothing, and counts as good."
    ),
    examples=(),
    outside=no_questions(),
)
