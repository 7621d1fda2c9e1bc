"""The lab's whole directory, with its Zimbra schema, dumped by slapcat and restored."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from lab.tree.install import Place, load_directory
from lab.tree.state import read_state

from tests.backups.test_drill import Drill, base, drill, folder
from zmward.backups.ldif_count import LdifCount

__all__ = ("base", "drill")
pytestmark = pytest.mark.skipif(
    os.getuid() != 0
    or any(
        shutil.which(name) is None
        for name in ("slapadd", "slapd", "slapcat", "ldapsearch", "setpriv")
    ),
    reason="needs root and slapd",
)


def _run(argv: Sequence[str]) -> str:
    done = subprocess.run(argv, check=True, capture_output=True)
    return done.stdout.decode()


@pytest.fixture(scope="module")
def dumped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a dump of the lab's directory, as zmslapcat makes it."""
    place = tmp_path_factory.mktemp("lab")
    load_directory(Place(Path("/"), _run, f"{place}/ldap"), read_state("default"))
    backup = place / "backups" / "today"
    backup.mkdir(parents=True)
    config = ("-F", f"{place}/ldap/config")
    _run(["slapcat", *config, "-n", "0", "-l", str(backup / "ldap-config.bak")])
    _run(["slapcat", *config, "-b", "", "-l", str(backup / "ldap.bak")])
    return backup.parent


def test_the_labs_directory_restores_whole(drill: Drill, dumped: Path) -> None:
    part = drill(folder(dumped), "--only", "ldap", code=0)["by"]["ldap"]
    count = LdifCount()
    count.feed((dumped / "today" / "ldap.bak").read_bytes())
    assert part["counts"] == count.counts()
    assert part["counts"]["accounts"] > 300


def test_the_labs_directory_cut_short_is_found(drill: Drill, dumped: Path) -> None:
    ldif = dumped / "today" / "ldap.bak"
    whole = ldif.read_bytes()
    ldif.write_bytes(whole[: len(whole) * 2 // 3])
    try:
        part = drill(folder(dumped), "--only", "ldap", code=1)["by"]["ldap"]
    finally:
        ldif.write_bytes(whole)
    assert "breaks off" in part["text"]
