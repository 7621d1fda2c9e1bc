"""Zimbra's packages as the node's own package database knows them."""

from pathlib import Path

NEWEST = "10.1.21"


def versions(release: str) -> dict[str, str]:
    """Return each package's version at a release."""
    return {"zimbra-core": release}


def install(root: Path, wanted: dict[str, str]) -> None:
    """Install the packages in these versions."""
    _ = root, wanted
