"""Fixtures of the stand-ins' tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.zimbra.mailboxd.tls import Keystore
from tests.standins import mailboxd_twin as twin
from tests.standins.memory import directory


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    """Make a keystore as Jetty has it."""
    return twin.make_keystore(tmp_path_factory.mktemp("keystore"))


@pytest.fixture
def server(tmp_path: Path, keystore: Keystore) -> Iterator[twin.Running]:
    """Run a mailbox server with nothing special about it."""
    local = {"zimbra_directory_max_search_result": "3"}
    with twin.running(directory(), local, tmp_path, keystore) as running:
        yield running
