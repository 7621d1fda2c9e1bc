"""A plan of the sample server as it was recorded, made once for many tests."""

from pathlib import Path

import pytest

from zmward.cli.main import dispatch


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the content of a file that `zmward plan --demo --output` wrote."""
    room = tmp_path_factory.mktemp("planned")
    found = room / "plan.json"
    with pytest.MonkeyPatch.context() as here:
        here.setenv("ZMWARD_ETC", str(room / "etc"))
        here.setenv("ZMWARD_DEMO", str(room / "demo"))
        assert dispatch(["plan", "--demo", "--output", str(found)]) == 0
    return found.read_bytes()


@pytest.fixture
def path(tmp_path: Path, planned: bytes) -> Path:
    """Give a test's own file of that plan."""
    found = tmp_path / "plan.json"
    found.touch(0o600)
    found.write_bytes(planned)
    return found
