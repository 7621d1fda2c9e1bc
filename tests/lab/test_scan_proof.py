"""A finding, its repair and the proof, all as an attacker would see them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.node import HOST, Lab

from tests.lab.conftest import running

pytestmark = pytest.mark.lab

RELOAD = ["/opt/zimbra/common/sbin/postfix", "reload"]
CONTROL = "mta-auth-only-over-tls"


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-scan-proof", "careless") as lab:
        yield lab


class Outside:
    """zmward on an administrator's machine outside, which reaches the server by ssh."""

    def __init__(self, lab: Lab, room: Path) -> None:
        self._lab = lab
        self._room = room

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        path = f"{self._lab.programs}:{os.environ['PATH']}"
        program = str(Path(sys.executable).parent / "zmward")
        argv = ["env", f"PATH={path}", f"HOME={self._room}", "LC_ALL=C.UTF-8"]
        argv += [f"ZMWARD_ETC={self._room}/etc", program, *words]
        return subprocess.run(
            self._lab.argv("outside", argv),
            cwd=self._room,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def must(self, codes: tuple[int, ...], *words: str) -> str:
        done = self.run(*words)
        assert done.returncode in codes, (words, done.stdout[-2000:], done.stderr)
        return done.stdout

    def finding(self, *words: str) -> dict[str, Any]:
        report = json.loads(self.must((0, 1, 3), *words, "--json"))
        (found,) = (f for f in report["findings"] if f["control"] == CONTROL)
        return dict(found)


def test_a_repair_is_proved_from_outside(node: Lab, tmp_path: Path) -> None:
    """The packet's word is taken before the repair, after it, and when it is undone."""
    outside = Outside(node, tmp_path)
    scan = ("scan", HOST, "--i-may-scan", HOST, "--ports", "25,587")
    before = outside.finding(*scan)
    assert before["status"] == "FAIL"
    assert {d["layer"] for d in before["deviations"]} == {"running"}
    far = ("--host", "root@mail")
    plan = ("plan", *far, "--only", CONTROL, "--output", "plan.json")
    outside.must((0, 1, 3), *plan)
    applied = outside.must(
        (0,), "apply", "plan.json", *far, "--yes", "--despite-signs-of-compromise"
    )
    run = applied.split("run ")[1].split(":")[0]
    verified = outside.must((0,), "verify", run, *far, "--scan")
    assert CONTROL in verified
    assert outside.finding(*scan)["status"] == "PASS"


def test_what_is_seen_counts_more_than_what_is_set(node: Lab, tmp_path: Path) -> None:
    """The directory says TLS only; somebody has set Postfix otherwise by hand."""
    outside = Outside(node, tmp_path)
    zimbra = ["runuser", "-u", "zimbra", "--"]
    postconf = [*zimbra, "/opt/zimbra/common/sbin/postconf", "-e"]
    (tmp_path / "evidence.json").write_text(
        outside.must((0,), "collect", "--host", "root@mail")
    )
    audit = ("audit", "--evidence", "evidence.json", "--only", CONTROL)
    believed = outside.finding(*audit)
    assert believed["status"] == "PASS", believed
    node.run("mail", [*postconf, "smtpd_tls_auth_only=no"])
    assert node.run("mail", RELOAD).returncode == 0
    try:
        words = ("--i-may-scan", HOST, "--ports", "25,587", "--output", "scan.json")
        outside.must((0, 1, 3), "scan", HOST, "--json", *words)
        found = outside.finding(*audit, "--with-scan", "scan.json")
        assert found["status"] == "FAIL"
        assert "what was seen counts" in found["reason"]
    finally:
        node.run("mail", [*postconf, "smtpd_tls_auth_only=yes"])
        node.run("mail", RELOAD)
