"""A restore was rehearsed not long ago."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attested, said

CONTROL = Control(
    id="backup-restore-rehearsed",
    title="A restore was rehearsed not long ago",
    why="A backup that nobody ever restored is a hope.",
    impact="None.",
    severity=Severity.HIGH,
    tips=("T14",),
    check=attested("backup-drill", "zmward backup drill", drill=True),
    refs=(),
    note=(
        "Attest it as backup-drill after each rehearsal; it holds for drill-days of "
        "the profile's thresholds at most."
    ),
    examples=(
        passes(profile=said("backup-drill", until="2027-05-01")),
        fails(profile=said("backup-drill", until="2026-11-20")),
        fails(
            now="2027-06-01T12:00:00+00:00",
            profile=said("backup-drill", until="2028-01-01"),
        ),
        unsure(),
    ),
)
