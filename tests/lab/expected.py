"""What every control must say on each state of the lab, from lab/expected."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zmward.catalog.advisories import advisories
from zmward.profile import Profile

FOLDER = Path(__file__).parents[2] / "lab" / "expected"
STATES = ("default", "careless", "hardened")


def rows() -> dict[str, dict[str, Any]]:
    """Return each control's row: state → status, and the reason for an UNKNOWN.

    The lab lives today, so the shipped advisories grow old there.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for control, row in tomllib.loads(path.read_text("utf-8")).items():
            assert control not in found, f"{control} stands twice"
            found[control] = row
    age = datetime.now(UTC).date() - advisories().generated
    if age.days > Profile().patches.catalog_days:
        found["advisories-recent"] |= dict.fromkeys(STATES, "FAIL")
    return found
