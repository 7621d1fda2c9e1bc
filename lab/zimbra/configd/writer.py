"""Writing generated files: whole or not at all, with mode and owner."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME = Path("/opt/zimbra")


@dataclass(frozen=True)
class Writer:
    """Where generated files go and to whom they belong."""

    home: Path = HOME
    owner: str | None = "zimbra"

    def write(self, output: str, text: str, mode: int) -> Path:
        """Replace one file below the home directory."""
        target = self.home / output
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:  # noqa: PTH123 -- the mode must hold from the first byte
            file.write(text)
        fresh.chmod(mode)
        if self.owner is not None:
            shutil.chown(fresh, self.owner, self.owner)
        fresh.rename(target)
        return target

    def write_all(self, files: Mapping[str, str], mode: int) -> None:
        """Replace several files that share a mode."""
        for output, text in files.items():
            self.write(output, text, mode)
