"""A backup that `zmward backup run` makes of a node: stored, restored, and broken.

The node's slapd, mailboxd and MariaDB give what is stored, Debian's restic and borg
keep it.
"""

import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
from lab.node import HOST, Lab
from lab.product import install

from tests.backups.zimbra_dump import tables
from tests.lab.conftest import running

pytestmark = pytest.mark.lab

USER = "user001@example.test"
KEPT = ("user001", "user002", "closed", "maintenance")
PROFILE = """\
[[backups.copy]]
name = "vault"
kind = "restic"
place = "/srv/restic"
password-file = "/root/password"
[[backups.copy]]
name = "second"
kind = "borg"
place = "/srv/borg"
password-file = "/root/password"
"""
READY = """\
set -eu
umask 077
echo 'a password of the lab' >/root/password
restic -q -r /srv/restic --password-file /root/password init
BORG_PASSCOMMAND='cat /root/password' borg init -e repokey-blake2 /srv/borg
"""
# MariaDB as zmmyinit leaves it: user zimbra's, on a socket under Zimbra's home.
DATABASES = """\
set -eu
cd /opt/zimbra
install -d -o zimbra -g zimbra db db/data data/tmp/mysql
mariadb-install-db --no-defaults --user=zimbra --datadir=/opt/zimbra/db/data \
    --auth-root-authentication-method=normal --skip-test-db >/dev/null
cat >conf/my.cnf <<'EOF'
[mysqld]
socket = /opt/zimbra/data/tmp/mysql/mysql.sock
datadir = /opt/zimbra/db/data
skip-networking
EOF
cat >/etc/systemd/system/lab-mariadb.service <<'EOF'
[Service]
User=zimbra
ExecStart=/usr/sbin/mariadbd --defaults-file=/opt/zimbra/conf/my.cnf
EOF
systemctl daemon-reload
systemctl start lab-mariadb
for _ in $(seq 300); do
    [ ! -S data/tmp/mysql/mysql.sock ] || break
    sleep 0.2
done
mariadb --no-defaults --socket=data/tmp/mysql/mysql.sock --user=root
"""
GRANTED = """
CREATE USER zimbra@localhost IDENTIFIED BY '{secret}';
GRANT ALL ON *.* TO zimbra@localhost WITH GRANT OPTION;
"""
# The databases went away, or are to come back.
GONE = """\
set -eu
systemctl stop lab-mariadb
cd /opt/zimbra
mv db/data db/away
mv conf/my.cnf db
"""
BACK = """\
set -eu
cd /opt/zimbra
mv db/my.cnf conf
mv db/away db/data
systemctl start lab-mariadb
"""
# All mailboxes but some are on another server: restic takes a second for each.
ELSEWHERE = """
import sys
from zimbra.localconfig import load
from zimbra.directory import Directory
local = load()
link = Directory(
    local.get("ldap_url").split()[0],
    local.get("zimbra_ldap_userdn"),
    local.get("zimbra_ldap_password"),
)
kept = "".join(f"(uid={name})" for name in sys.argv[1:])
found = list(link.search("", f"(&(objectClass=zimbraAccount)(!(|{kept})))", ["uid"]))
for dn, _ in found:
    link.modify(dn, {"zimbraMailHost": [b"elsewhere.example.test"]})
"""
DELIVERED = f"""
import smtplib
with smtplib.LMTP("{HOST}", 7025) as link:
    for number in range(30):
        text = f"Subject: mail {{number}}\\r\\n\\r\\n" + "a line of text\\r\\n" * 2000
        link.sendmail("joe@example.com", ["{USER}"], text)
"""
# The archive is cut in the middle, and takes the place of the whole one in its run.
CUT = """\
set -eu
export RESTIC_REPOSITORY=/srv/restic RESTIC_PASSWORD_FILE=/root/password
restic -q --no-cache dump "$1" "/$3" >/root/whole
head -c $(($(stat -c %s /root/whole) / 2)) /root/whole |
    restic -q --no-cache backup --stdin --stdin-filename "$3" \
        --tag zmward --tag "run-$2" --host "$4"
restic -q --no-cache forget "$1"
"""


def _python(lab: Lab, code: str, *words: str, user: str = "root") -> None:
    argv = ["runuser", "-u", user, "--", "env", "PYTHONPATH=/opt/zimbra/lab"]
    done = lab.run("mail", [*argv, "python3", "-c", code, *words])
    assert done.returncode == 0, done.stderr


def _shell(lab: Lab, script: str, given: str = "") -> None:
    done = lab.run("mail", ["sh", "-c", script], given=given, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def _databases(lab: Lab) -> None:
    """Let the node have the databases of its mailboxes."""
    asked = ["runuser", "-u", "zimbra", "--", "env", "PYTHONPATH=/opt/zimbra/lab"]
    asked += ["python3", "-m", "zimbra.zmlocalconfig", "-s", "-m", "nokey"]
    secret = lab.run("mail", [*asked, "zimbra_mysql_password"]).stdout.strip()
    assert secret
    _shell(lab, DATABASES, tables().decode() + GRANTED.format(secret=secret))


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-backup-run", "default") as lab:
        install(lab)
        (lab.root / "root/site.toml").write_text(PROFILE)
        _shell(lab, READY)
        _python(lab, ELSEWHERE, *KEPT, user="zimbra")
        _python(lab, DELIVERED)
        _databases(lab)
        yield lab


def _said(lab: Lab, code: int, *words: str) -> dict[str, Any]:
    more = ("--profile", "/root/site.toml", "--quiet", "--json")
    done = lab.run("mail", ["zmward", "backup", *words, *more], timeout=600)
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _outcomes(told: dict[str, Any]) -> dict[str, str]:
    return {piece["name"]: piece["outcome"] for piece in told["pieces"]}


def _parts(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {part["subject"]: part for part in told["parts"]}


def _restic(lab: Lab, *words: str) -> str:
    own = ("-r", "/srv/restic", "--password-file", "/root/password", "--no-cache")
    done = lab.run("mail", ["restic", *own, *words], timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _snapshots(lab: Lab, run: str) -> dict[str, str]:
    """Return the snapshots of a run, by the first path that each holds."""
    found = json.loads(_restic(lab, "snapshots", "--json", "--tag", f"run-{run}"))
    return {one["paths"][0].rpartition("/")[2]: one["id"] for one in found}


def _finding(lab: Lab) -> dict[str, Any]:
    words = ["zmward", "audit", "--json", "--quiet", "--profile", "/root/site.toml"]
    report = json.loads(lab.run("mail", words, timeout=300).stdout)
    return next(
        one
        for one in report["findings"]
        if one["control"] == "backup-restore-rehearsed"
    )


def test_databases_that_are_due_and_gone_are_missed(node: Lab) -> None:
    _shell(node, GONE)
    try:
        told = _said(node, 3, "run", "--only", "mariadb")
    finally:
        _shell(node, BACK)
    assert _outcomes(told) == {"mariadb.sql": "failed"}


def test_an_account_that_mailboxd_does_not_give_is_named(node: Lab) -> None:
    told = _said(node, 3, "run", "--only", "accounts")
    failed = [one for one in told["pieces"] if one["outcome"] == "failed"]
    assert [one["name"] for one in failed] == ["account-maintenance@example.test.tgz"]
    assert "401" in failed[0]["text"]
    # What is not whole is no backup.
    assert _parts(_said(node, 1, "drill"))["account"]["text"] == "there is no backup"
    words = [
        "zmprov",
        "ma",
        "maintenance@example.test",
        "zimbraAccountStatus",
        "active",
    ]
    argv = ["runuser", "-u", "zimbra", "--", "env", "PYTHONPATH=/opt/zimbra/lab"]
    argv += ["python3", "-m", f"zimbra.{words[0]}", *words[1:]]
    done = node.run("mail", argv)
    assert done.returncode == 0, done.stderr


def test_a_run_holds_all_of_the_server(node: Lab) -> None:
    told = _said(node, 0, "run")
    own = {f"account-{name}@example.test.tgz" for name in KEPT}
    wanted = {"ldap.ldif", "ldap-config.ldif", "mariadb.sql", "config", *own}
    assert _outcomes(told) == dict.fromkeys(wanted, "stored")
    stored = _snapshots(node, told["run"])
    assert {"zmward-run.json", *wanted} - {"config"} <= stored.keys()
    (config,) = stored.keys() - {*wanted, "zmward-run.json"}
    listed = _restic(node, "ls", stored[config]).splitlines()
    for path in (
        "conf/localconfig.xml",
        "ssl/zimbra/ca/ca.key",
        ".ssh/authorized_keys",
    ):
        assert f"/opt/zimbra/{path}" in listed
    assert any(line.endswith("/etc/keystore") for line in listed)
    log = node.run("mail", ["cat", "/opt/zimbra/log/audit.log"]).stdout
    assert "cmd=DelegateAuth; accountId=" in log
    assert f"accountName={USER};" in log


def test_the_stored_archive_holds_the_mail(node: Lab) -> None:
    told = _said(node, 0, "run", "--only", "accounts", "--account", USER)
    stored = _snapshots(node, told["run"])
    name = f"account-{USER}.tgz"
    where = "/root/one.tgz"
    place = ["-r", "/srv/restic", "--password-file", "/root/password", "--no-cache"]
    words = " ".join(["restic", *place, "dump", stored[name], f"/{name}"])
    assert node.run("mail", ["sh", "-c", f"{words} >{where}"]).returncode == 0
    content = (node.root / where.lstrip("/")).read_bytes()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        mails = [one for one in archive.getnames() if one.endswith(".eml")]
        assert len(mails) == 30
        held = archive.extractfile(mails[0])
        assert held
        assert b"Subject: mail " in held.read()


@pytest.mark.parametrize("copy", ["vault", "second"])
def test_a_drill_restores_directory_databases_and_account(node: Lab, copy: str) -> None:
    if copy == "second":
        assert _finding(node)["status"] == "UNKNOWN"
        _said(node, 0, "run", "--copy", copy)
    told = _said(node, 0, "drill", "--copy", copy, "--account", USER)
    parts = _parts(told)
    assert parts["ldap"]["counts"]["accounts"] > 300
    assert parts["mariadb"]["counts"]["mailboxes"] == 200
    assert parts["account"]["counts"]["messages"] == 30
    assert _finding(node)["status"] == ("UNKNOWN" if copy == "vault" else "PASS")


@pytest.mark.proof
def test_a_cut_archive_is_found_though_the_other_copy_is_whole(node: Lab) -> None:
    told = _said(node, 0, "run")
    run, name = told["run"], f"account-{USER}.tgz"
    snapshot = _snapshots(node, run)[name]
    words = ["sh", "-c", CUT, "cut", snapshot, run, name, HOST]
    done = node.run("mail", words, timeout=300)
    assert done.returncode == 0, done.stderr
    part = _parts(_said(node, 1, "drill", "--account", USER))["account"]
    assert (part["state"], "breaks off" in part["text"]) == ("bad", True), part
    _said(node, 0, "drill", "--copy", "second")
    finding = _finding(node)
    assert finding["status"] == "FAIL"
    assert "vault" in json.dumps(finding["deviations"])
    _said(node, 0, "run")
    _said(node, 0, "drill")
    assert _finding(node)["status"] == "PASS"
