"""Servers that are half broken: UNKNOWN with a reason, never PASS, never a traceback."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from lab.node import Lab
from lab.product import install
from lab.record import ssh_argv

from tests.lab.conftest import running

pytestmark = pytest.mark.lab

CONFIG = "/opt/zimbra/conf/localconfig.xml"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;">]><localconfig><key name="x"><value>&b;</value></key>'
    "</localconfig>"
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Give a node of its own, since it is broken on purpose."""
    with running(f"broken-{os.getpid()}", "default") as lab:
        yield lab


def audit(lab: Lab, code: int, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        ssh_argv(lab, "audit", "--json", "--quiet", *words),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    assert "this is a bug" not in done.stderr
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = (
        json.loads(done.stdout) if done.stdout else {"err": done.stderr}
    )
    return found


def statuses(report: dict[str, Any]) -> dict[str, str]:
    return {row["control"]: row["status"] for row in report["findings"]}


def directory_controls(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        row
        for row in report["findings"]
        if row["control"] in ("mta-auth-only-over-tls", "proxy-speaks-modern-tls")
    ]


def test_a_directory_that_is_down_makes_unknown(lab: Lab) -> None:
    whole = statuses(audit(lab, 3))
    lab.run("mail", ["systemctl", "stop", "zimbra-ldap"])
    try:
        report = audit(lab, 3)
    finally:
        lab.run("mail", ["systemctl", "start", "zimbra-ldap"])
    rows = directory_controls(report)
    assert rows
    for row in rows:
        assert row["status"] in ("UNKNOWN", "FAIL")
        assert "contact LDAP server" in row["reason"]
    for control, status in statuses(report).items():
        if status == "PASS":
            assert whole[control] == "PASS", control
    assert report["counts"]["unknown"] > 30


@pytest.mark.parametrize("content", [BOMB, "<localconfig>", "", "<other/>"])
def test_a_broken_localconfig_makes_unknown(lab: Lab, content: str) -> None:
    lab.run("mail", ["cp", "-p", CONFIG, f"{CONFIG}.kept"])
    lab.run("mail", ["sh", "-c", f"cat > {CONFIG}"], given=content)
    try:
        report = audit(lab, 3)
    finally:
        lab.run("mail", ["mv", f"{CONFIG}.kept", CONFIG])
    found = statuses(report)
    assert found["login-by-alias-refused"] == "UNKNOWN"
    assert "PASS" not in [found[row["control"]] for row in directory_controls(report)]


def test_an_absent_localconfig_makes_unknown(lab: Lab) -> None:
    lab.run("mail", ["mv", CONFIG, f"{CONFIG}.kept"])
    try:
        report = audit(lab, 3)
    finally:
        lab.run("mail", ["mv", f"{CONFIG}.kept", CONFIG])
    assert statuses(report)["login-by-alias-refused"] == "UNKNOWN"


def test_a_server_without_mailboxd_is_judged_all_the_same(lab: Lab) -> None:
    lab.run("mail", ["systemctl", "stop", "zimbra-mailboxd"])
    try:
        report = audit(lab, 3)
    finally:
        lab.run("mail", ["systemctl", "start", "zimbra-mailboxd"])
    assert report["counts"]["pass"] > 0


def test_hostile_names_reach_the_report_as_text(lab: Lab) -> None:
    done = subprocess.run(
        ssh_argv(lab, "audit", "--all", "--quiet"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    control = [byte for byte in done.stdout if byte < 32 and byte != 10]
    assert not control


def test_a_user_who_may_not_read_gets_unknown(lab: Lab) -> None:
    program = install(lab)
    argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program]
    done = lab.run("mail", [*argv, "audit", "--json", "--quiet"])
    assert done.returncode == 3, done.stderr
    report = json.loads(done.stdout)
    assert report["counts"]["unknown"] > 50
    assert statuses(report)["login-by-alias-refused"] == "UNKNOWN"
