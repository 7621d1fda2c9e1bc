"""Log lines on their way to a central server: all of them, and mail never waits."""

import json
import re
import secrets
import subprocess
import time
from collections.abc import Iterator

import pytest
from lab.crash_plan import said
from lab.crash_state import state
from lab.node import Lab

from tests.lab.conftest import running
from tests.lab.log_host import FORGERS, NAME, LogHost, until

pytestmark = pytest.mark.lab
ACCESS = "cd /opt/zimbra/log && stat -c '%A %U %G %n' . *.log && getfacl -p . *.log"
# What an earlier run has left in a log is not taken for ours.
OURS = secrets.token_hex(4)
IN_MEMORY = 2000
SPOOL = "/var/spool/rsyslog/zmward-forward"
# A client of the server itself: each message is a line of Postfix's, with its number.
MAIL = """
import smtplib, sys, time
ours, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
slowest = 0.0
for number in range(first, last):
    begun = time.monotonic()
    with smtplib.SMTP("127.0.0.1", 25, timeout=20) as line:
        text = f"Message-Id: <{ours}-{number}@example.test>\\r\\n\\r\\nload\\r\\n"
        line.sendmail("user001@example.test", ["user002@example.test"], text)
    slowest = max(slowest, time.monotonic() - begun)
    time.sleep(float(sys.argv[4]))
print(slowest)
"""


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    with running("test-central-logging", "default") as lab:
        yield lab


@pytest.fixture(scope="module")
def before(node: Lab) -> tuple[list[str], str]:
    return state(node), said(node, ACCESS)


@pytest.fixture(scope="module")
def host(
    node: Lab,
    before: tuple[list[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LogHost]:
    assert before
    folder = tmp_path_factory.mktemp("log-host")
    folder.chmod(0o700)
    found = LogHost(node, folder)
    try:
        yield found
    finally:
        found.stop()


def forwarded(host: LogHost, *more: str) -> subprocess.CompletedProcess[str]:
    words = ["logs", "forward", "--host", "mail", "--to", f"{NAME}:10514", "--seen-by"]
    words += ["root@loghost", "--authority", str(host.folder / "authority")]
    return host.zmward(*words, "--yes", "--quiet", "--json", *more)


def apart(lab: Lab, start: tuple[list[str], str]) -> list[str]:
    """Return what differs from the beginning, but for when a line last arrived.

    That is remembered like the runs themselves: it is no setting.
    """
    found = sorted((set(start[0]) ^ set(state(lab))) - {"log-arrivals"})
    access = said(lab, ACCESS)
    return found if access == start[1] else [*found, access]


def sent(lab: Lab, first: int, last: int, pause: float = 0.0) -> float:
    """Send numbered messages through Postfix; return how long the slowest took."""
    argv = ["python3", "-c", MAIL, OURS, str(first), str(last), str(pause)]
    done = lab.run("mail", argv, timeout=600)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def _numbers(lab: Lab, first: int, last: int) -> list[int]:
    found = said(lab, f"grep -oE 'message-id=<{OURS}-[0-9]+@' /var/log/mail.log")
    numbers = {int(re.findall(r"-([0-9]+)@", row)[0]) for row in found.splitlines()}
    return sorted(number for number in numbers if first <= number < last)


def logged(lab: Lab, first: int, last: int) -> list[str]:
    """Return the lines of our messages that the server's own log has.

    journald passes lines on to rsyslog, late where a machine is slow, and drops some
    where it is far too slow; what rsyslog has taken must arrive.
    """
    wanted = last - first
    until(lambda: len(_numbers(lab, first, last)) >= wanted * 0.9, 15)
    ours = _numbers(lab, first, last)
    assert len(ours) > wanted / 10
    return [f"message-id=<{OURS}-{number}@example.test>" for number in ours]


def flooded(lab: Lab, lines: int) -> None:
    """Write many lines to audit.log at once: none of them is dropped on the way."""
    words = f"seq 1 {lines} | sed 's/^/{OURS} flood /;s/$/ end/'"
    said(lab, f'runuser -u zimbra -- sh -c "{words} >>/opt/zimbra/log/audit.log"')


def audited(lab: Lab, text: str) -> str:
    """Write a line to audit.log as Zimbra does, and return it."""
    text = f"{OURS} {text}"
    script = f"echo '{text}' >>/opt/zimbra/log/audit.log"
    said(lab, f'runuser -u zimbra -- sh -c "{script}"')
    return text


@pytest.mark.proof
def test_a_forged_log_host_leaves_all_as_it_was(
    node: Lab, before: tuple[list[str], str], host: LogHost
) -> None:
    host.start(FORGERS)
    try:
        done = forwarded(host)
    finally:
        host.stop()
    assert done.returncode == 5, done.stderr
    assert "the test line is not in" in done.stderr
    assert apart(node, before) == []
    assert "zmward test line" not in host.received()


@pytest.fixture(scope="module")
def run(host: LogHost) -> dict[str, str]:
    host.start()
    done = forwarded(host)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    found: dict[str, str] = json.loads(done.stdout)
    return found


class TestForwarding:
    def test_the_key_is_rsyslogs_alone_and_in_no_report(
        self, node: Lab, host: LogHost, run: dict[str, str]
    ) -> None:
        key = said(node, "cat /etc/rsyslog.d/00-zmward-key.pem").splitlines()[1]
        about = said(node, "stat -c '%a %U' /etc/rsyslog.d/00-zmward-key.pem")
        assert about.split() == ["600", "syslog"]
        assert key not in json.dumps(run)
        journal = f"/var/lib/zmward/runs/{run['run']}/journal"
        assert key not in said(node, f"cat {journal}; ps -eo args; journalctl -q")
        assert oct((host.folder / "authority/ca.key").stat().st_mode)[-3:] == "600"

    def test_no_group_of_zimbras_lets_the_reader_in(
        self, node: Lab, run: dict[str, str]
    ) -> None:
        assert run["run"]
        assert "zimbra" not in said(node, "id -Gn syslog").split()
        shown = said(node, "runuser -u syslog -- head -c 1 /opt/zimbra/log/audit.log")
        assert shown

    def test_lines_of_mail_and_of_files_arrive(
        self, node: Lab, host: LogHost, run: dict[str, str]
    ) -> None:
        assert run["run"]
        sent(node, 0, 5)
        line = audited(node, "first line of audit")
        assert host.has([*logged(node, 0, 5), line]) == []
        assert "zimbra-nginx-access" in host.received()
        # What is left to read hides from rsyslog that the log host has gone.
        waiting = said(node, "ss -Htn state established dport = :10514").split()
        assert waiting[0] == "0"

    def test_a_rotated_log_is_read_on(
        self, node: Lab, host: LogHost, run: dict[str, str]
    ) -> None:
        assert run["run"]
        rotated = "cd /opt/zimbra/log && mv audit.log audit.log.old && umask 027 &&"
        said(node, f"runuser -u zimbra -- sh -c '{rotated} : >audit.log'")
        mode = said(node, "stat -c %a /opt/zimbra/log/audit.log").strip()
        line = audited(node, "after rotation")
        assert host.has([line]) == []
        assert mode == "640"
        said(node, "cd /opt/zimbra/log && mv -f audit.log.old audit.log")

    def test_the_controls_are_content(self, host: LogHost, run: dict[str, str]) -> None:
        assert run["run"]
        names = "logs-leave-the-host,logs-travel-encrypted"
        names += ",audit-and-web-logs-shipped,dead-log-host-blocks-nothing"
        done = host.zmward("audit", "--host", "mail", "--only", names, "--json")
        found = json.loads(done.stdout)["findings"]
        assert {one["status"] for one in found} == {"PASS"}

    def test_twice_changes_nothing(self, host: LogHost, run: dict[str, str]) -> None:
        assert run["run"]
        done = forwarded(host)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["run"] == ""

    def test_while_the_log_host_is_down_mail_flows_and_no_line_is_lost(
        self, node: Lab, host: LogHost, run: dict[str, str]
    ) -> None:
        assert run["run"]
        host.stop()
        slowest = sent(node, 100, 200, 0.05)
        line = audited(node, "nobody listens")
        assert slowest < 5
        assert line not in host.received()
        host.start()
        assert host.has([*logged(node, 100, 200), line]) == []

    def test_a_forged_log_host_gets_nothing(
        self, node: Lab, host: LogHost, run: dict[str, str]
    ) -> None:
        assert run["run"]
        host.stop()
        host.start(FORGERS)
        old = host.received()
        line = audited(node, "for the right one only")
        slowest = sent(node, 300, 310)
        time.sleep(5)
        assert host.received() == old
        assert slowest < 5
        host.stop()
        host.start()
        assert host.has([*logged(node, 300, 310), line]) == []

    @pytest.mark.proof
    def test_minutes_without_a_log_host_through_a_restart(
        self, node: Lab, host: LogHost, run: dict[str, str]
    ) -> None:
        """The queue goes to disk, rsyslog restarts in between, nothing is lost.

        Where rsyslog does not end and is killed, what waits in memory may be.
        """
        assert run["run"]
        host.stop()
        lines = 15_000
        flooded(node, lines)
        assert until(lambda: said(node, f"ls {SPOOL}* 2>/dev/null | head -1") != "")
        slowest = sent(node, 1000, 1400, 0.1)
        said(node, "systemctl restart rsyslog")
        slowest = max(slowest, sent(node, 1400, 1800, 0.1))
        assert slowest < 5
        host.start()
        words = [f"{OURS} flood {number} end" for number in range(1, lines + 1)]
        missing = host.has([*logged(node, 1000, 1800), *words], 150)
        killed = "SIGKILL" in said(node, "journalctl -u rsyslog --no-pager | cat")
        assert not missing or killed
        assert not [word for word in missing if word in words]
        # A message makes several lines.
        assert len(missing) < IN_MEMORY / 4

    @pytest.mark.proof
    def test_what_waits_on_disk_survives_a_killed_sender(
        self, node: Lab, host: LogHost, run: dict[str, str]
    ) -> None:
        assert run["run"]
        host.stop()
        lines = 6000
        for begin in range(1, lines, 1000):
            # journald drops what comes too fast.
            words = f"seq {begin} {begin + 999} | sed 's/^/{OURS} log /;s/$/ end/'"
            said(node, f"{words} | logger -t zmward; sleep 2")
        count = f"grep -c '{OURS} log ' /var/log/syslog"
        assert until(lambda: int(said(node, count)) == lines)
        said(node, "pkill -9 -x rsyslogd; sleep 2; systemctl restart rsyslog")
        host.start()
        sent_lines = [f"{OURS} log {number} end" for number in range(1, lines + 1)]
        assert len(host.has(sent_lines, 60)) <= IN_MEMORY

    @pytest.mark.proof
    def test_a_full_queue_holds_nobody_up(
        self, node: Lab, host: LogHost, run: dict[str, str]
    ) -> None:
        """With room for little, lines are thrown away, and mail flows on."""
        assert run["run"]
        path = "/etc/rsyslog.d/10-zmward-forward.conf"
        said(node, f"cp {path} /root/kept")
        small = 's/maxDiskSpace="1g"/maxDiskSpace="1m"/;s/size="20000"/size="500"/'
        small += ';s/highWatermark="2000"/highWatermark="300"/'
        small += ';s/lowWatermark="500"/lowWatermark="100"/'
        small += ';s/discardMark="18000"/discardMark="450"/'
        host.stop()
        said(node, f"sed -i '{small}' {path} && systemctl restart rsyslog")
        try:
            begun = time.monotonic()
            flooded(node, 60_000)
            line = f"{OURS} logged in time"
            said(node, f"logger -t zmward {line}")
            assert until(lambda: line in said(node, "tail -n 400 /var/log/syslog"), 10)
            took = time.monotonic() - begun
            slowest = sent(node, 5000, 5100)
        finally:
            said(node, f"cat /root/kept >{path}; rm /root/kept")
        said(node, "systemctl restart rsyslog")
        assert took < 60
        assert slowest < 5
        host.start()
        line = audited(node, "after the flood")
        assert host.has([line], 120) == []

    def test_rollback_takes_away_exactly_ours(
        self,
        node: Lab,
        host: LogHost,
        before: tuple[list[str], str],
        run: dict[str, str],
    ) -> None:
        done = host.zmward("rollback", run["run"], "--host", "mail", "--yes")
        assert done.returncode == 0, done.stderr
        assert apart(node, before) == []
        old = host.received()
        said(node, "logger -t zmward nobody is to hear this")
        time.sleep(2)
        assert host.received() == old

    @pytest.mark.proof
    def test_the_script_takes_back_as_well(
        self, node: Lab, host: LogHost, before: tuple[list[str], str]
    ) -> None:
        host.stop()
        host.start()
        done = forwarded(host)
        assert done.returncode == 0, done.stderr
        name = json.loads(done.stdout)["run"]
        script = f"/var/lib/zmward/runs/{name}/rollback.sh"
        told = said(node, f"sh {script}")
        assert re.search(r"done: \d+ taken back, 0 could not be", told)
        assert apart(node, before) == []


def test_a_log_host_is_made_by_a_plan_and_unmade(
    node: Lab, before: tuple[list[str], str], host: LogHost
) -> None:
    """A log host is a machine without Zimbra, so for a moment the node is one."""
    place = "/opt/zimbra/conf/localconfig.xml"
    said(node, f"mv {place} /root/away")
    try:
        done = host.zmward(
            *("logs", "receive", "--host", "mail", "--name", "mail.example.test"),
            *("--from", "other.example.test", "--port", "10514", "--yes", "--json"),
            *("--authority", str(host.folder / "authority")),
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        assert said(node, "ss -Hltn sport = :10514")
        key = said(node, "stat -c '%a %U' /etc/rsyslog.d/00-zmward-key.pem")
        assert key.split() == ["600", "syslog"]
        name = json.loads(done.stdout)["run"]
        back = host.zmward("rollback", name, "--host", "mail", "--yes")
        assert back.returncode == 0, f"{back.stdout}{back.stderr}"
    finally:
        said(node, f"mv /root/away {place}")
    assert apart(node, before) == []
