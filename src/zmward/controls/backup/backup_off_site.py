"""A copy of the backup is kept in another place."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attested, said

CONTROL = Control(
    id="backup-off-site",
    title="A copy of the backup is kept in another place",
    why="Fire, theft and an intruder with root take the server and the disk beside it.",
    impact="None.",
    severity=Severity.HIGH,
    tips=("T14",),
    check=attested("backup-offsite"),
    refs=(),
    note="Attest it as backup-offsite: who looked, when, and until when that holds.",
    examples=(
        passes(profile=said("backup-offsite", until="2027-05-01")),
        fails(profile=said("backup-offsite", until="2026-11-20")),
        unsure(),
    ),
)
