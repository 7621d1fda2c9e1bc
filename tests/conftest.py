"""What all tests share: how hard properties are tried, a sample server of their own."""

from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine is slow, not wrong: no example has a deadline.
settings.register_profile("usual", deadline=None)
settings.register_profile("proofs", deadline=None, max_examples=1000)
settings.load_profile("usual")


@pytest.fixture(autouse=True)
def own_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a sample server of its own, as it was recorded."""
    monkeypatch.setenv("ZMWARD_DEMO", str(tmp_path / "sample"))
