"""The key of the backup is kept apart from it."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attested, said

CONTROL = Control(
    id="backup-key-kept",
    title="The key of the backup is kept apart from it",
    why="A backup without its key is noise; with the key beside it, it is open.",
    impact="None.",
    severity=Severity.MEDIUM,
    tips=("T14",),
    check=attested("backup-key"),
    refs=(),
    note="Attest it as backup-key: where the key is, and who can reach it.",
    examples=(
        passes(profile=said("backup-key", until="2027-05-01")),
        fails(profile=said("backup-key", until="2026-11-20")),
        unsure(),
    ),
)
