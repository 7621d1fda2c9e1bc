"""Snapshots of the machine are made, or known not to be."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attested, said

CONTROL = Control(
    id="snapshots-considered",
    title="Snapshots of the machine are made, or known not to be",
    why="They bring a whole server back in minutes, after an upgrade that went wrong.",
    impact="None.",
    severity=Severity.LOW,
    tips=("T14",),
    check=attested("snapshots"),
    refs=(),
    note="A snapshot on the same storage is no backup. Attest it as snapshots.",
    examples=(
        passes(profile=said("snapshots", until="2027-05-01")),
        fails(profile=said("snapshots", until="2026-11-20")),
        unsure(),
    ),
)
