"""Repair on a real node: applied, taken back, killed, and by its switch alone."""

import json
import time
from collections.abc import Iterator

import pytest
from lab.node import HOST, Lab
from lab.product import install

from tests.lab.conftest import running
from zmward.change import (
    Change,
    FileText,
    Mode,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetUnit,
    UnitState,
    WriteFile,
)
from zmward.plan import Host, Plan, described, folded, order
from zmward.reports.plan_json import render
from zmward.sources.crontab import bare_table

pytestmark = pytest.mark.lab
STATE = """
cat /etc/ssh/sshd_config.d/10-zmward.conf 2>&1
ls -la /etc/ssh/sshd_config.d | sed 1,2d | grep -v ' \\.*$'
ls /etc/systemd/system | grep zmward
stat -c '%a %U %G' /opt/zimbra/conf/localconfig.xml /opt/zimbra/conf/zmlogrotate
sha256sum </opt/zimbra/conf/localconfig.xml
crontab -u zimbra -l | sha256sum
systemctl is-enabled cron.service; systemctl is-active cron.service
su - zimbra -c 'zmprov -l gacf' | sha256sum
su - zimbra -c 'zmprov -l gc default' | sha256sum
/opt/zimbra/common/sbin/postconf -n | sha256sum
sshd -T | sha256sum
"""


def said(lab: Lab, script: str) -> str:
    done = lab.run("mail", ["sh", "-c", script])
    return done.stdout + done.stderr


def changes(lab: Lab) -> tuple[Change, ...]:
    """Return kinds that need neither a mirror nor Postfix; lab.crash has them all."""
    crontab = bare_table(said(lab, "CRONTAB_NOHEADER=N crontab -u zimbra -l"))
    path = "/opt/zimbra/conf/zmlogrotate"
    said(
        lab,
        f"[ -e {path} ] || {{ touch {path}; chown zimbra:zimbra {path}; }}; chmod 644 {path}",
    )
    enabled = UnitState(enabled=True, active=True)
    text = FileText("PermitRootLogin prohibit-password\nX11Forwarding no\n", 0o600)
    drop_in = "/etc/ssh/sshd_config.d/10-zmward.conf"
    return (
        WriteFile(HOST, drop_in, None, text, "sshd", ("ssh.service",)),
        SetMode(
            HOST, path, Mode(0o644, "zimbra", "zimbra"), Mode(0o640, "zimbra", "zimbra")
        ),
        SetLocalConfig(HOST, "zimbra_same_site_cookie", None, "Lax"),
        SetLocalConfig(HOST, "antispam_enable_rule_updates", None, "true"),
        SetAttr("global", "zimbraMtaSmtpdTlsLoglevel", own(lab), ("2",)),
        SetAttr("cos:default", "zimbraNotes", None, ('it\'s "quoted" $(id) é',)),
        SetCrontab(HOST, "zimbra", crontab, crontab + "# zmward\n"),
        SetUnit(HOST, "cron.service", enabled, UnitState(enabled=False, active=False)),
    )


def own(lab: Lab) -> tuple[str, ...] | None:
    line = said(lab, "su - zimbra -c 'zmprov -l gacf zimbraMtaSmtpdTlsLoglevel'")
    return (line.split()[1],) if line.split() else None


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-apply", "default") as lab:
        install(lab)
        said(lab, "systemctl enable --now cron.service")
        steps = tuple(
            sorted((described(c, (), (HOST,)) for c in changes(lab)), key=order)
        )
        machine = said(lab, "cat /etc/machine-id").strip()
        when = "2026-11-21T12:00:00+00:00"
        plan = Plan(
            Host(HOST, machine), when, "1", steps, folded(steps), (), hosts_seen=(HOST,)
        )
        (lab.root / "root/plan.json").write_text(render(plan))
        (lab.root / "root/plan.json").chmod(0o600)
        yield lab


APPLY = "zmward apply /root/plan.json --yes --console --confirm-within 30"


def newest(lab: Lab) -> tuple[str, str]:
    rows = json.loads(said(lab, "zmward history --json"))["runs"]
    return (rows[0]["run"], rows[0]["state"]) if rows else ("", "")


def test_what_is_applied_can_be_taken_back(node: Lab) -> None:
    before = said(node, STATE)
    told = said(node, APPLY)
    assert ": applied" in told, told
    assert said(node, STATE) != before
    run, state = newest(node)
    assert state == "unconfirmed"
    told = said(node, f"zmward rollback {run} --yes")
    assert newest(node)[1] == "rolled back", told
    assert said(node, STATE) == before


def test_the_switch_takes_an_unconfirmed_run_back(node: Lab) -> None:
    before = said(node, STATE)
    told = said(node, APPLY)
    assert ": applied" in told, told
    limit = time.monotonic() + 100
    while newest(node)[1] == "unconfirmed" and time.monotonic() < limit:
        time.sleep(2)
    while "done:" not in said(node, "cat /var/lib/zmward/runs/*/rollback.log"):
        assert time.monotonic() < limit
        time.sleep(1)
    assert newest(node)[1] == "rolled back by its switch"
    assert said(node, STATE) == before


def test_a_confirmed_run_stays(node: Lab) -> None:
    before = said(node, STATE)
    said(node, APPLY)
    run = newest(node)[0]
    told = said(node, f"zmward confirm {run}")
    assert "Log in" in told, told
    told = said(node, f"zmward confirm {run} --console")
    assert newest(node)[1] == "kept", told
    assert "zmward" not in said(node, "systemctl list-timers --all")
    said(node, f"zmward rollback {run} --yes")
    assert said(node, STATE) == before


@pytest.mark.parametrize("seconds", ["0.6", "0.9", "1.2", "1.6", "2.2"])
def test_a_killed_run_can_be_taken_back(node: Lab, seconds: str) -> None:
    before = said(node, STATE)
    said(node, f"timeout -s KILL {seconds} {APPLY}")
    run, state = newest(node)
    if state in {"interrupted", "unconfirmed"}:
        told = said(node, f"zmward rollback {run} --yes")
        assert newest(node)[1] == "rolled back", told
    assert said(node, STATE) == before
