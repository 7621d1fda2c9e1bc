"""The configuration's history of a real node: read over ssh, taken back by apply."""

import json
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.node import Lab
from lab.product import install
from lab.record import ssh_argv

from tests.lab.conftest import running

pytestmark = pytest.mark.lab

NAME = "zimbraMtaMaxMessageSize"
UNITS = Path(__file__).parents[2] / "packaging/systemd"
SNAPSHOT = "zmward-config-snapshot"
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


def _shell(lab: Lab, script: str) -> str:
    done = lab.run("mail", ["sh", "-c", script])
    return done.stdout + done.stderr


def _stale(lab: Lab, repository: str) -> str:
    """Return what the newest snapshot could not have, as the history names it."""
    git = f"/usr/local/bin/git --git-dir={repository}"
    done = lab.run("mail", ["sh", "-c", f"{git} show refs/heads/main:stale.conf"])
    return done.stdout


def test_the_timer_s_service_sees_what_root_sees(node: Lab) -> None:
    """By real systemd, with the unit that is shipped; its path alone is another."""
    install(node)
    # The node is of this machine's own release, and no package of git is on it.
    shutil.copy(shutil.which("git") or "git", node.root / "usr/local/bin/git")
    place = node.root / "etc/systemd/system"
    for unit in UNITS.glob(f"{SNAPSHOT}.*"):
        text = unit.read_text().replace("/opt/zmward-venv/bin/", "/usr/local/bin/")
        (place / unit.name).write_text(text)
    enable = f"systemctl daemon-reload && systemctl enable -q --now {SNAPSHOT}.timer"
    _shell(node, enable)
    assert SNAPSHOT in _shell(node, "systemctl list-timers --no-pager")
    _shell(node, f"systemctl start {SNAPSHOT}")
    told = _shell(node, f"journalctl -q -o cat -u {SNAPSHOT}")
    assert "Snapshot" in told, told
    own = "--repository /root/own.git --key /root/own.key"
    _shell(node, f"zmward config snapshot --quiet {own}")
    assert _stale(node, "/var/lib/zmward/config.git") == _stale(node, "/root/own.git")
    mode = _shell(node, "stat -c %a /var/lib/zmward/config.git /var/lib/zmward")
    assert mode.split() == ["700", "700"]


TEMPLATE = "/opt/zimbra/conf/nginx/templates/nginx.conf.main.template"


def _readiness(lab: Lab, *words: str) -> dict[str, list[str]]:
    """Return what readiness finds on the node: texts by subject."""
    argv = ("zmward patches readiness --json --quiet --profile /root/site.toml", *words)
    done = lab.run("mail", ["sh", "-c", " ".join(argv)], timeout=300)
    assert done.returncode in (1, 3), done.stderr
    found: dict[str, list[str]] = {}
    for row in json.loads(done.stdout)["found"]:
        found.setdefault(row["subject"], []).append(f"{row['state']}: {row['text']}")
    return found


@pytest.mark.proof
def test_readiness_shows_an_edit_against_the_recorded_text(node: Lab) -> None:
    """After the service has made a snapshot: baseline, edit, snapshot, readiness."""
    _shell(node, "umask 077; echo a phrase that nobody guesses > /root/phrase")
    words = "--new-key /root/key.pem --passphrase-file /root/phrase --json"
    made = _shell(node, f"zmward integrity baseline {words} 2>/dev/null")
    profile = f'[integrity]\nkeys = ["{json.loads(made)["public_key"]}"]\n'
    (node.root / "root/site.toml").write_text(profile)
    _shell(node, "zmward collect --quiet > /root/before.json")
    quiet = _readiness(node)
    assert not [one for one in quiet["own templates"] if "changed since" in one]
    _shell(node, f"echo '# ours' >> {TEMPLATE}; systemctl start {SNAPSHOT}")
    texts = _readiness(node)["own templates"]
    changed = f"bad: changed since baseline 1 of .*, and not by a package: {TEMPLATE}"
    exact = f"bad: {TEMPLATE}, from what baseline 1 recorded to .*: .*# ours"
    for wanted in (changed, exact):
        assert [one for one in texts if re.fullmatch(wanted, one)], texts
    after = _readiness(node, "--before", "/root/before.json")["own templates"]
    other = f"unknown: not as baseline 1 of .*, nor as a package has it: {TEMPLATE}"
    assert [one for one in after if re.fullmatch(other, one)], after
