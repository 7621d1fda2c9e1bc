"""Writing main.cf parameters through Postfix's own editor."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

LONGEST = 30
# What a new main.cf begins with: the parameters that no attribute manages.
FIRST = "main.cf.default"


def edit(program: Path, directory: Path, parameters: Mapping[str, str]) -> None:
    """Set the parameters in main.cf in one call."""
    main = directory / "main.cf"
    if not main.exists():
        main.write_text((directory / FIRST).read_text())
        main.chmod(0o644)
    wanted = {name: one for name, one in parameters.items() if _lasting(one)}
    words = [f"{name} = {value}" for name, value in wanted.items()]
    subprocess.run(
        [str(program), "-c", str(directory), "-e", *words],
        check=True,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        env={**os.environ, "LC_ALL": "C"},
    )


def _lasting(value: str) -> bool:
    # A line break would end the parameter and begin another one.
    return "\n" not in value
