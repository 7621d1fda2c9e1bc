"""Backups of a real node's directory: restored, judged, and a broken one found.

The node's own slapd, with Zimbra's schema, writes the dump; another one, which nobody
can reach, takes it in.
"""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from lab.node import Lab
from lab.product import install

from tests.lab.conftest import running

pytestmark = pytest.mark.lab

PLACE = "/srv/backup"
NEWEST = f"{PLACE}/newest"
PROFILE = f"""\
[backups]
mariadb = []
account = []
[[backups.copy]]
name = "local"
kind = "folder"
place = "{PLACE}"
"""
DUMPED = f"""\
set -eu
install -d -m 700 {PLACE}
install -d -o zimbra -m 700 {NEWEST}
chmod 711 {PLACE}
runuser -u zimbra -- /opt/zimbra/libexec/zmslapcat {NEWEST}
runuser -u zimbra -- /opt/zimbra/libexec/zmslapcat -c {NEWEST}
# The directory was made just now; the drill compares what is older than its backup.
touch -d '3 hours' {NEWEST}/ldap.bak {NEWEST}
chmod 700 {PLACE}
"""
LEFT = "ls -d /var/tmp/*zmward* 2>/dev/null; pgrep -a slapd"


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-backup", "default") as lab:
        install(lab)
        (lab.root / "root/site.toml").write_text(PROFILE)
        done = lab.run("mail", ["sh", "-c", DUMPED])
        assert done.returncode == 0, done.stderr
        yield lab


def said(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    more = ("--profile", "/root/site.toml", "--quiet", "--json")
    return lab.run("mail", ["zmward", "backup", *words, *more], timeout=300)


def drilled(lab: Lab, code: int) -> dict[str, Any]:
    before = lab.run("mail", ["sh", "-c", LEFT]).stdout
    done = said(lab, "drill")
    assert done.returncode == code, done.stdout + done.stderr
    # Nothing stays: no scratch, no second slapd.
    assert lab.run("mail", ["sh", "-c", LEFT]).stdout == before
    (part,) = [
        one for one in json.loads(done.stdout)["parts"] if one["subject"] == "ldap"
    ]
    found: dict[str, Any] = part
    return found


def _judged(lab: Lab) -> str:
    words = ["zmward", "audit", "--json", "--quiet", "--profile", "/root/site.toml"]
    report = json.loads(lab.run("mail", words, timeout=300).stdout)
    return next(
        str(one["status"])
        for one in report["findings"]
        if one["control"] == "backup-restore-rehearsed"
    )


def test_the_directory_restores_whole(node: Lab) -> None:
    assert _judged(node) == "UNKNOWN"
    part = drilled(node, 0)
    asked = ["sh", "-c", f"grep -c ^dn: {NEWEST}/ldap.bak"]
    entries = int(node.run("mail", asked).stdout)
    assert entries > 300
    assert part["state"] == "well"
    assert sum(part["counts"].values()) == entries
    assert _judged(node) == "PASS"


def test_a_truncated_dump_is_found_and_remembered(node: Lab) -> None:
    half = f"cp {NEWEST}/ldap.bak /root/whole; truncate -s 100000 {NEWEST}/ldap.bak"
    assert node.run("mail", ["sh", "-c", half]).returncode == 0
    assert drilled(node, 1)["state"] == "bad"
    assert _judged(node) == "FAIL"
    back = f"cat /root/whole > {NEWEST}/ldap.bak; touch -d '3 hours' {NEWEST}/ldap.bak {NEWEST}"
    assert node.run("mail", ["sh", "-c", back]).returncode == 0
    assert drilled(node, 0)["state"] == "well"


def test_check_names_what_is_missing(node: Lab) -> None:
    done = said(node, "check")
    assert done.returncode == 3, done.stderr
    assert "retention" in done.stdout
