"""An administrator's walk over real ssh: the line breaks, and the old state is back."""

import json
import time
from collections.abc import Callable, Iterator

import pytest
from lab.crash_plan import PLAN as EVERY_KIND
from lab.crash_plan import prepare, said
from lab.crash_state import apart, state
from lab.node import HOST, Lab
from lab.session import Session, login

from tests.lab.conftest import running
from zmward.change import FileText, WriteFile
from zmward.plan import Host, Plan, described, folded
from zmward.reports.plan_json import render

pytestmark = pytest.mark.lab
PLAN = "/root/walk.json"
NOBODY = "/root/nobody.json"
CONTROL = "ssh-without-passwords"
DROP_IN = "/etc/ssh/sshd_config.d/00-zmward.conf"
SWITCH, LONGEST = 30, 120


def lock_out(lab: Lab) -> None:
    """Put a plan there whose cure makes sshd refuse everybody."""
    text = FileText("AllowUsers nobody\n", 0o600)
    change = WriteFile(HOST, DROP_IN, None, text, "sshd", ("ssh.service",))
    steps = (described(change, (), (HOST,)),)
    host = Host(HOST, said(lab, "cat /etc/machine-id").strip())
    when = "2026-11-21T12:00:00+00:00"
    plan = Plan(host, when, "1", steps, folded(steps), (), hosts_seen=(HOST,))
    path = lab.root / NOBODY[1:]
    path.write_text(render(plan))
    path.chmod(0o600)


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-walk", "default") as lab:
        prepare(lab)
        lock_out(lab)
        yield lab


def newest(lab: Lab) -> tuple[str, str]:
    rows = json.loads(said(lab, "zmward history --json"))["runs"]
    return (rows[0]["run"], rows[0]["state"]) if rows else ("", "")


def until(true: Callable[[], bool], seconds: float = LONGEST) -> bool:
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            return False
        time.sleep(0.5)
    return True


def audited(session: Session) -> str:
    """Audit, read the plan on the screen, and keep it for apply."""
    session.do("zmward audit --json --quiet >/root/report.json")
    words = (
        f"zmward plan --report /root/report.json --only {CONTROL} --despite-short-logs"
    )
    shown = session.do(words)
    session.do(f"{words} --output {PLAN} --quiet; chmod 600 {PLAN}")
    return shown


@pytest.mark.proof
def test_a_terminal_that_closes_in_the_middle_takes_all_back(node: Lab) -> None:
    # Before anybody fails to log in: fail2ban, which it installs, would ban him.
    before = state(node)
    session = Session(node)
    session.type(f"zmward apply {EVERY_KIND} --yes")
    journal = "cat $(ls -d /var/lib/zmward/runs/* | tail -1)/journal"
    assert until(lambda: said(node, journal).count('"done"') in range(3, 12))
    session.kill()
    assert until(lambda: newest(node)[1] == "rolled back"), newest(node)
    assert '"applied"' not in said(node, journal)
    assert apart(node, before) == []


def test_a_killed_connection_brings_the_old_state_back(node: Lab) -> None:
    before = state(node)
    session = Session(node)
    shown = audited(session)
    assert "PasswordAuthentication" in shown, shown
    told = session.do(f"zmward apply {PLAN} --yes --confirm-within {SWITCH}")
    assert ": applied" in told, told
    assert "passwordauthentication no" in said(node, "sshd -T")
    run, now = newest(node)
    assert now == "unconfirmed"
    session.kill()
    assert until(lambda: newest(node) == (run, "rolled back by its switch"))
    log = said(node, f"cat /var/lib/zmward/runs/{run}/rollback.log")
    assert f"taken back: {DROP_IN}" in log
    assert "done: 1 taken back, 0 could not be" in log
    assert apart(node, before) == []


@pytest.mark.proof
def test_nobody_is_locked_out_though_the_line_is_dead(node: Lab) -> None:
    before = state(node)
    session = Session(node)
    told = session.do(f"zmward apply {NOBODY} --yes --confirm-within {SWITCH}")
    assert ": applied" in told, told
    session.cut()
    assert login(node, "true").returncode != 0
    run, now = newest(node)
    assert now == "unconfirmed"
    assert until(lambda: login(node, "true").returncode == 0)
    assert until(lambda: newest(node) == (run, "rolled back by its switch"))
    assert apart(node, before) == []
    session.kill()


def test_only_a_session_from_after_the_change_confirms(node: Lab) -> None:
    before = state(node)
    session = Session(node)
    told = session.do(f"zmward apply {PLAN} --yes --confirm-within 300")
    assert ": applied" in told, told
    run, _ = newest(node)
    refused = session.do(f"zmward confirm {run}")
    assert "open before the change" in refused, refused
    assert newest(node) == (run, "unconfirmed")
    kept = login(node, f"zmward confirm {run}")
    assert kept.returncode == 0, kept.stderr
    assert newest(node) == (run, "kept")
    left = "systemctl list-units --all --no-legend 'zmward*'; ls /etc/systemd/system"
    assert "zmward" not in said(node, left)
    session.kill()
    taken = login(node, f"zmward rollback {run} --yes")
    assert taken.returncode == 0, taken.stderr
    assert apart(node, before) == []
