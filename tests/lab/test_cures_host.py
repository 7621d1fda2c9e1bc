"""Cures of sshd, time, apt, fail2ban and rsyslog on a real node, and their way back."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from lab.mirror import SOURCE, mirror
from lab.node import Lab
from lab.product import install

from tests.lab.conftest import running

pytestmark = [pytest.mark.lab, pytest.mark.proof]

CONTROLS = (
    "clock-synchronised",
    "fail2ban-runs",
    "fail2ban-spares-own-nodes",
    "log-service-runs",
    "os-package-lists-fresh",
    "ssh-root-needs-key",
    "ssh-without-gssapi",
    "ssh-without-passwords",
    "time-service-alone",
    "unattended-upgrades-spare-zimbra",
)
# chronyd follows a source only some seconds after it was started.
SLOW = "clock-synchronised"
# What the state does not break by itself; the node's chrony never sets the clock of
# the machine, so its configuration must outlive its package.
BREAK = f"""
printf '\\nPermitRootLogin yes\\nGSSAPIAuthentication yes\\n' >>/etc/ssh/sshd_config
systemctl reload ssh
systemctl disable --now rsyslog.service syslog.socket fail2ban.service
systemctl unmask apt-daily.timer
systemctl disable --now apt-daily.timer
systemctl disable --now chrony.service
dpkg --remove chrony fail2ban
sed -i 's/Update-Package-Lists "1"/Update-Package-Lists "0"/' \\
    /etc/apt/apt.conf.d/20auto-upgrades
sed -i 's/Unattended-Upgrade "0"/Unattended-Upgrade "1"/' \\
    /etc/apt/apt.conf.d/20auto-upgrades
echo 'Unattended-Upgrade::Origins-Pattern {{ "origin=*"; }};' \\
    >/etc/apt/apt.conf.d/51site
mkdir /root/aside; : >/etc/apt/sources.list
for file in /etc/apt/sources.list.d/*; do
    [ "$file" = /{SOURCE} ] || mv "$file" /root/aside
done
touch -d '20 days ago' /var/lib/apt/lists /var/lib/apt/periodic/*
printf '[DEFAULT]\\nignoreself = false\\nignoreip = 127.0.0.1/8 203.0.113.9\\n' \\
    >/etc/fail2ban/jail.local
"""
STATE = r"""
ls /etc/ssh/sshd_config.d /etc/apt/apt.conf.d /etc/fail2ban/jail.d
sshd -T
apt-config dump | grep -i 'periodic\|unattended'
cat /etc/fail2ban/jail.local
for unit in chrony fail2ban rsyslog ssh apt-daily.timer; do
    systemctl is-enabled -q "$unit" 2>/dev/null && echo "$unit is enabled"
    systemctl is-active -q "$unit" && echo "$unit is active"
done
ls /etc/systemd/system | grep zmward
"""
Findings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Walk:
    """What the node said before, after the plan, and after the rollback."""

    before: Findings
    plan: Mapping[str, Any]
    after: Findings
    back: Findings
    states: tuple[str, str, str]
    offered: tuple[str, str, str]


def said(lab: Lab, script: str) -> str:
    done = lab.run("mail", ["sh", "-c", script], timeout=900)
    return done.stdout + done.stderr


def audited(lab: Lab) -> Findings:
    report = json.loads(said(lab, "zmward audit --json --quiet 2>/dev/null"))
    return {finding["control"]: finding for finding in report["findings"]}


def offered(lab: Lab) -> str:
    """Return the ways in that sshd offers to a machine that has no key."""
    argv = ["ssh", "-F", str(lab.ssh_config), "-o", "PreferredAuthentications=none"]
    done = lab.run("outside", [*argv, "-o", "ControlPath=none", "mail", "true"])
    assert done.returncode, "an entry without anything"
    return done.stderr.strip().rpartition("Permission denied ")[2]


def enters(lab: Lab) -> bool:
    """Say whether the administrator's key still opens a new session."""
    argv = ["ssh", "-F", str(lab.ssh_config), "-o", "ControlPath=none"]
    return not lab.run("outside", [*argv, "mail", "true"]).returncode


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with running("test-cures-host", "default") as lab:
        install(lab)
        mirror(lab)
        said(lab, BREAK)
        before, state, ways = audited(lab), said(lab, STATE), offered(lab)
        named = ",".join(CONTROLS)
        told = said(lab, f"zmward plan --only {named} --output /root/host.json")
        plan = json.loads(said(lab, "cat /root/host.json"))
        told += said(
            lab, "zmward apply /root/host.json --yes --console --confirm-within 900"
        )
        assert ": applied" in told, told
        after, changed, left = audited(lab), said(lab, STATE), offered(lab)
        assert enters(lab), "a key no longer opens the door"
        run = json.loads(said(lab, "zmward history --json"))["runs"][0]["run"]
        told = said(lab, f"zmward rollback {run} --yes")
        yield Walk(
            before,
            plan,
            after,
            audited(lab),
            (state, changed, said(lab, STATE)),
            (ways, left, offered(lab)),
        )


@pytest.mark.parametrize("control", CONTROLS)
def test_a_cure_is_planned_by_name_works_and_is_taken_back(
    walk: Walk, control: str
) -> None:
    assert walk.before[control]["status"] == "FAIL"
    assert any(control in change["controls"] for change in walk.plan["changes"])
    now = walk.after[control]
    assert now["status"] == "PASS" or control == SLOW, now["deviations"]
    assert not [d for d in now["deviations"] if d.get("cure")]
    # Lists of packages that were fetched stay fetched.
    kept = control == "os-package-lists-fresh"
    assert walk.back[control]["status"] == ("PASS" if kept else "FAIL")


def test_one_file_of_sshd_serves_three_controls(walk: Walk) -> None:
    steps = [c for c in walk.plan["changes"] if "sshd_config.d" in c["id"]]
    assert [step["controls"] for step in steps] == [
        ["ssh-root-needs-key", "ssh-without-gssapi", "ssh-without-passwords"]
    ]


def test_the_running_sshd_offers_keys_only_and_afterwards_what_it_did(
    walk: Walk,
) -> None:
    before, after, back = walk.offered
    assert "password" in before
    assert after == "(publickey)."
    assert back == before


def test_what_a_daemon_shows_is_promised_by_no_plan(walk: Walk) -> None:
    will = {row["control"]: row["will"] for row in walk.plan["foreseen"]}
    for control in ("ssh-root-needs-key", "ssh-without-passwords", SLOW):
        assert will[control] == "UNKNOWN"


def test_all_is_taken_back_but_the_package(walk: Walk) -> None:
    before, changed, back = walk.states
    assert before != changed
    assert back == before
