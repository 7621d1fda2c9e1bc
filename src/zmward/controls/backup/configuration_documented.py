"""The configuration and the way to recover it are written down."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attested, said

CONTROL = Control(
    id="configuration-documented",
    title="The configuration and the recovery are written down",
    why="Who rebuilds a server at night needs its settings, and they are gone with it.",
    impact="None.",
    severity=Severity.LOW,
    tips=("T14",),
    check=attested("wiki", verb="zmward config snapshot"),
    refs=(),
    note="Attest it as wiki; zmward config document writes the page.",
    examples=(
        passes(profile=said("wiki", until="2027-05-01")),
        fails(profile=said("wiki", until="2026-11-20")),
        unsure(),
    ),
)
