"""An installation, and a state of its own for what zmward remembers."""

from pathlib import Path

import pytest

from tests.integrity.site import install


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the root of a small installation."""
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    place = tmp_path / "root"
    place.mkdir()
    return install(place)
