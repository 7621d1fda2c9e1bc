"""What every control must say on each state of the lab, from lab/expected."""

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "lab" / "expected"
STATES = ("default", "careless", "hardened")


def rows() -> dict[str, dict[str, Any]]:
    """Return each control's row: state → status, and the reason for an UNKNOWN."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for control, row in tomllib.loads(path.read_text("utf-8")).items():
            assert control not in found, f"{control} stands twice"
            found[control] = row
    return found
