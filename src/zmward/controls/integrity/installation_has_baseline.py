"""The installation matches a signed baseline."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attested, said

_SUBJECT = "integrity-baseline"

CONTROL = Control(
    id="installation-has-baseline",
    title="The installation matches a signed baseline",
    why=(
        "A changed script or an added page of a web shell shows only against a record "
        "of how the files were, kept where the intruder cannot write."
    ),
    impact="None.",
    severity=Severity.MEDIUM,
    tips=("T36",),
    check=attested(_SUBJECT, "zmward integrity baseline"),
    refs=("https://wiki.zimbra.com/wiki/Integrity_check",),
    note=(
        "A site that already compares files elsewhere (AIDE, an agent) attests it as "
        "integrity-baseline."
    ),
    examples=(
        passes(profile=said(_SUBJECT, until="2027-05-01")),
        fails(profile=said(_SUBJECT, until="2026-11-20")),
        unsure(),
    ),
)
