"""A reboot ends an unconfirmed run: files before sshd, the directory when it answers."""

import json
import time
from collections.abc import Iterator

import pytest
from lab.crash_plan import PLAN, SSHD, prepare, said
from lab.crash_state import apart, state
from lab.node import Lab
from lab.ready import wait
from lab.reboot import begin
from lab.session import login

from tests.lab.conftest import running

pytestmark = pytest.mark.lab
LONGEST = 120
EARLY = "Finished zmward-early-"
AFTER_IT = ("Started ssh.service", "Reached target network-pre.target")
OWN = "su - zimbra -c 'zmprov -l ga user005@example.test zimbraNotes'"


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-reboot", "default") as lab:
        prepare(lab)
        yield lab


def starts(lab: Lab) -> dict[str, int]:
    """Return when each unit was up in this boot, in the journal's microseconds."""
    rows = said(lab, "journalctl -b -o json UNIT_RESULT= + JOB_RESULT=done")
    found: dict[str, int] = {}
    for line in rows.splitlines():
        row = json.loads(line)
        name = f"{row['MESSAGE'].split()[0]} {row.get('UNIT', '')}"
        if row["MESSAGE"].startswith("Reached target"):
            name = f"Reached target {row.get('UNIT', '')}"
        found.setdefault(name, int(row["__MONOTONIC_TIMESTAMP"]))
    return found


def test_a_reboot_takes_an_unconfirmed_run_back_before_anybody_comes(
    node: Lab,
) -> None:
    before = state(node)
    done = node.run("mail", ["zmward", "apply", PLAN, "--yes", "--console"])
    assert done.returncode == 0, done.stderr
    assert SSHD in "\n".join(sorted(set(state(node)) ^ set(before)))
    run = json.loads(said(node, "zmward history --json"))["runs"][0]["run"]
    begin(node)
    limit = time.monotonic() + LONGEST
    while (first := login(node, f"ls {SSHD}; cat /etc/sysctl.d/90*")).returncode == 255:
        assert time.monotonic() < limit, first.stderr
    # The very first login finds the old files.
    assert first.stdout == "net.ipv4.tcp_syncookies = 1\n", first
    wait(node)
    times = starts(node)
    early = next(at for name, at in times.items() if name.startswith(EARLY))
    for unit in AFTER_IT:
        assert early < times[unit], (unit, times)
    last = f"cat /var/lib/zmward/runs/{run}/fired/failed"
    while said(node, last).strip() != "0":
        assert time.monotonic() < limit, said(node, "journalctl -b -u 'zmward*'")
        time.sleep(0.5)
    assert "quoted" not in said(node, OWN)
    left = "systemctl list-units --all --no-legend 'zmward*'; ls /etc/systemd/system"
    assert "zmward" not in said(node, left)
    log = said(node, f"cat /var/lib/zmward/runs/{run}/rollback.log")
    assert "(early)" in log
    assert "(late)" in log
    assert apart(node, before) == []
    rows = json.loads(said(node, "zmward history --json"))["runs"]
    assert rows[0]["state"] == "rolled back by its switch"
