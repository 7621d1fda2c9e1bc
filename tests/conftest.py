"""What all tests share: how hard properties are tried, a sample server of their own."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine is slow, not wrong: no example has a deadline.
# `make proofs` tries twenty times as many.
settings.register_profile("usual", deadline=None, max_examples=50)
settings.register_profile("proofs", deadline=None, max_examples=1000)
settings.load_profile("usual")

_NUMBERS = count()


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for the sample servers of all tests."""
    return tmp_path_factory.mktemp("samples")


@pytest.fixture(autouse=True)
def own_sample(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a sample server of its own, as it was recorded.

    Few tests use it, so that no folder is made before somebody does.
    """
    monkeypatch.setenv("ZMWARD_DEMO", str(samples / str(next(_NUMBERS))))
