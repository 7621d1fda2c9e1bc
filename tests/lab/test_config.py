"""The configuration's history of a real node: read over ssh, taken back by apply."""

import json
import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.node import Lab
from lab.record import ssh_argv

from tests.lab.conftest import running

pytestmark = pytest.mark.lab

NAME = "zimbraMtaMaxMessageSize"
PROVISION = ("runuser", "-u", "zimbra", "--", "/opt/zimbra/bin/zmprov")


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-config", "default") as lab:
        yield lab


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("history")
    made.chmod(0o700)
    return made


def said(lab: Lab, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    more = ("--repository", str(folder / "history"))
    argv = ["env", f"ZMWARD_STATE={folder}/state", *ssh_argv(lab, *words, *more)]
    return subprocess.run(
        argv, capture_output=True, text=True, check=False, timeout=300
    )


def snapshot(lab: Lab, folder: Path) -> dict[str, Any]:
    done = said(lab, folder, "config", "snapshot", "--json")
    assert done.returncode in (0, 3), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def modify(lab: Lab, *words: str) -> None:
    done = lab.run("mail", [*PROVISION, *words])
    assert done.returncode == 0, done.stderr


def differences(lab: Lab, folder: Path) -> tuple[int, str]:
    done = said(lab, folder, "config", "diff")
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout


def test_a_change_shows_and_its_plan_takes_it_back(node: Lab, folder: Path) -> None:
    first = snapshot(node, folder)
    assert snapshot(node, folder)["commit"] is None
    before = node.run("mail", [*PROVISION, "gcf", NAME]).stdout
    modify(node, "mcf", NAME, "31457280")
    snapshot(node, folder)
    code, shown = differences(node, folder)
    assert code == 1
    assert NAME in shown
    assert "31457280" in shown
    plan = folder / "back.plan"
    words = ("config", "restore-plan", first["commit"], "--output", str(plan))
    done = said(node, folder, *words)
    assert done.returncode == 0, done.stderr
    applied = subprocess.run(
        ssh_argv(node, "apply", str(plan), "--yes", "--quiet"),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert applied.returncode == 0, applied.stderr
    assert node.run("mail", [*PROVISION, "gcf", NAME]).stdout == before
    snapshot(node, folder)
    told = said(node, folder, "config", "log")
    assert told.returncode in (0, 3), told.stderr
    assert told.stdout.count(NAME) >= 2


def _secrets(lab: Lab) -> list[bytes]:
    """Return the passwords of the node's localconfig, its keys of the directory."""
    local = (lab.root / "opt/zimbra/conf/localconfig.xml").read_text()
    rows = re.findall(r'<key name="(\w+)">\s*<value>([^<]{6,})</value>', local)
    found = [value for name, value in rows if "password" in name]
    assert found
    return [one.encode() for one in found]


def test_no_secret_of_the_node_is_in_the_repository(node: Lab, folder: Path) -> None:
    changed = "another-secret-word-8213"
    snapshot(node, folder)
    local = ["runuser", "-u", "zimbra", "--", "/opt/zimbra/bin/zmlocalconfig", "-f"]
    done = node.run("mail", [*local, "-e", f"zimbra_ldap_userpw={changed}"])
    assert done.returncode == 0, done.stderr
    snapshot(node, folder)
    code, shown = differences(node, folder)
    assert code == 1
    assert "zimbra_ldap_userpw" in shown
    secrets = [*_secrets(node), changed.encode()]
    seen = 0
    for path in (folder / "history").rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if path.parent.parent.name == "objects" and len(path.parent.name) == 2:
            content = zlib.decompress(content)
            seen += 1
        assert not [one for one in secrets if one in content], path
    packed = ["git", "--git-dir", f"{folder}/history", "log", "-p", "--all"]
    everything = subprocess.run(packed, capture_output=True, check=True).stdout
    assert len(everything) > 10_000
    assert not [one for one in secrets if one in everything]
    assert seen or list((folder / "history").rglob("*.pack"))
