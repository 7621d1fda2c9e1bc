"""An installation, and a state of its own for what zmward remembers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integrity.site import install
from zmward.engine.integrity import Place


@pytest.fixture(autouse=True)
def _nothing_left_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the roots that a test opened: thousands of tests share one process."""
    left: list[Place] = []
    opens, closes = Place.__init__, Place.close

    def opened(self: Place, *words: Any, **named: Any) -> None:
        opens(self, *words, **named)
        left.append(self)

    def closed(self: Place) -> None:
        closes(self)
        left.remove(self)

    monkeypatch.setattr(Place, "__init__", opened)
    monkeypatch.setattr(Place, "close", closed)
    yield
    for place in left:
        closes(place)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the root of a small installation."""
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    place = tmp_path / "root"
    place.mkdir()
    return install(place)
