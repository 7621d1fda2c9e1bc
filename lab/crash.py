"""The crash test: apply is killed at every moment, and all of it is taken back."""

import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.node import HOST, Lab
from lab.product import install
from zmward.change import (
    Act,
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

PLAN, TRACE, PROGRAM = "/root/crash-plan.json", "/run/crash-trace", "/root/crash.py"
TIMEOUT = 300.0
SIDES = ("before", "after")
KILLED = 137
DOMAIN, USER = "domain:example.test", "account:user005@example.test"
ON = UnitState(enabled=True, active=True)
OFF = UnitState(enabled=False, active=False)
ZIMBRA = Mode(0o644, "zimbra", "zimbra")
FIRST, SECOND = "/opt/zimbra/conf/zmlogrotate", "/opt/zimbra/conf/amavisd.conf.in"
SSHD = "/etc/ssh/sshd_config.d/10-zmward.conf"
SYSCTL = "/etc/sysctl.d/90-zmward.conf"
# A lock that has no owner yet is taken for one being made, for a minute.
LOCK_BEING_MADE = 62.0
# Everything that the plan touches, and what it must not leave behind: the whole
# directory but for slapd's own stamps, and the token of the login that was killed,
# which mailboxd keeps in the entry of its account until it expires.
STATE = r"""
VOLATILE='entryCSN|contextCSN|modifyTimestamp|modifiersName|zimbraAuthTokens'
for place in /etc /opt/zimbra/conf /var/spool/cron; do
    find $place -xdev ! -path '*/.ssh/*' \( -type f -o -type l -o -type d \) \
        -printf '%p %M %u %g %l\n'
    # crontab writes the time of the change into a comment that it does not show.
    find $place -xdev -type f ! -path '*/crontabs/*' -exec sha256sum {} +
done | sort
for unit in cron fail2ban ssh rsyslog; do
    echo "$unit $(systemctl is-enabled $unit) $(systemctl is-active $unit)"
done
systemctl list-units --all --plain --no-legend 'zmward*'
ls -A /var/lib/zmward
crontab -u zimbra -l
mkdir -p /run/crash && chown zimbra /run/crash
runuser -u zimbra -- /opt/zimbra/libexec/zmslapcat /run/crash
grep -vE "^($VOLATILE):" /run/crash/ldap.bak
runuser -u zimbra -- /opt/zimbra/common/sbin/postconf -n
sshd -T
"""


@dataclass(frozen=True)
class Point:
    """One moment of death: the n-th command that changes something, and its side."""

    number: int
    side: str
    what: str


@dataclass(frozen=True)
class Result:
    """What the crash test found."""

    points: int
    survived: int
    moments: int
    possible: int
    kinds: frozenset[str]
    broken: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the lines for people."""
        known = {c.__struct_config__.tag for c in Change.__args__} - {"install-package"}
        head = (
            f"survived {self.survived}/{self.points} of {self.possible} points "
            f"(2 x {self.moments} journal lines and commands); "
            f"kinds covered {len(self.kinds & known)}/{len(known)}"
        )
        return "\n".join((head, *self.broken))


def said(lab: Lab, script: str) -> str:
    """Run a script on the node and return all that it says."""
    done = lab.run("mail", ["sh", "-c", script], timeout=TIMEOUT)
    return done.stdout + done.stderr


def _own(lab: Lab, question: str) -> tuple[str, ...] | None:
    lines = said(lab, f"runuser -u zimbra -- /opt/zimbra/bin/zmprov -l {question}")
    values = [row.partition(": ")[2] for row in lines.splitlines() if ": " in row]
    return tuple(values) or None


def changes(lab: Lab) -> tuple[Change, ...]:
    """Return every kind but a package, which no mirror gives a node; most twice."""
    crontab = said(lab, "crontab -u zimbra -l")
    level = _own(lab, "gacf zimbraMtaSmtpdTlsLoglevel")
    drop_in = FileText("X11Forwarding no\n", 0o600)
    sysctl = FileText("net.ipv4.tcp_syncookies = 1\n")
    note = ('it\'s "quoted" $(id) é',)
    server = f"server:{HOST}"
    return (
        WriteFile(HOST, SSHD, None, drop_in, "sshd", ("ssh.service",)),
        WriteFile(HOST, SYSCTL, sysctl, FileText("net.ipv4.tcp_syncookies = 2\n")),
        SetMode(HOST, FIRST, ZIMBRA, Mode(0o600, "zimbra", "zimbra")),
        SetMode(HOST, SECOND, ZIMBRA, Mode(0o640, "root", "zimbra")),
        SetLocalConfig(HOST, "antispam_enable_restarts", None, "true"),
        SetLocalConfig(HOST, "antispam_enable_rule_updates", None, "true"),
        SetAttr("global", "zimbraMtaSmtpdTlsLoglevel", level, ("2",)),
        SetAttr(server, "zimbraNotes", None, ("one",)),
        SetAttr("cos:default", "zimbraNotes", None, note),
        SetAttr(DOMAIN, "zimbraNotes", None, ("three",)),
        SetAttr(USER, "zimbraNotes", None, ("four",)),
        SetCrontab(HOST, "zimbra", crontab, f"{crontab}# zmward\n"),
        SetUnit(HOST, "cron.service", ON, OFF),
        SetUnit(HOST, "fail2ban.service", OFF, ON),
        Act(HOST, "render", ("mta",)),
    )


def prepare(lab: Lab) -> Plan:
    """Bring the node to the plan's start and put plan and program there."""
    install(lab)
    script = f"""
    set -e
    [ -e {FIRST} ] || touch {FIRST}
    chown zimbra:zimbra {FIRST} {SECOND}; chmod 644 {FIRST} {SECOND}
    echo net.ipv4.tcp_syncookies = 1 >{SYSCTL}; chmod 644 {SYSCTL}
    systemctl enable -q --now cron; systemctl disable -q --now fail2ban
    """
    done = lab.run("mail", ["sh", "-c", script])
    if done.returncode:
        raise LabError(f"the node cannot be prepared: {done.stderr}")
    steps = sorted((described(c, (), (HOST,)) for c in changes(lab)), key=order)
    machine = said(lab, "cat /etc/machine-id").strip()
    when = "2026-11-21T12:00:00+00:00"
    host = Host(HOST, machine)
    plan = Plan(host, when, "1", tuple(steps), folded(steps), (), hosts_seen=(HOST,))
    for path, text in (
        (PLAN, render(plan)),
        (PROGRAM, Path(__file__).with_name("crash_point.py").read_text()),
    ):
        target = lab.root / path[1:]
        target.write_text(text)
        target.chmod(0o600)
    return plan


def _apply(lab: Lab, number: int, side: str) -> subprocess.CompletedProcess[str]:
    words = ("apply", PLAN, "--yes", "--console", "--quiet")
    argv = ["python3", PROGRAM, TRACE, str(number), side, *words]
    return lab.run("mail", argv, timeout=TIMEOUT)


def _runs(lab: Lab) -> list[str]:
    """Return the runs that have a plan, so that something may have been done."""
    listed = said(lab, "ls /var/lib/zmward/runs/*/plan.json 2>/dev/null")
    return [line.split("/")[-2] for line in listed.splitlines()]


def _take_back(lab: Lab, point: Point) -> str:
    """Roll the run back, if one was begun; return what went wrong."""
    lock = "/var/lib/zmward/lock"
    script = f"[ -d {lock} ] && [ ! -e {lock}/owner ] && echo young"
    if said(lab, script).strip() == "young":
        time.sleep(LOCK_BEING_MADE)
    for run in _runs(lab):
        told = lab.run("mail", ["zmward", "rollback", run, "--yes", "--quiet"])
        if told.returncode:
            return f"{point.what}: rollback {told.returncode}: {told.stderr[-500:]}"
    # Another run takes over what lock a process left that died before its run.
    said(lab, f"rm -rf {lock} /var/lib/zmward/lock.*" if not _runs(lab) else "true")
    return ""


def _state(lab: Lab) -> list[str]:
    return said(lab, STATE).splitlines()


def _dies(lab: Lab, point: Point, start: Sequence[str]) -> str:
    """Die at one point, take back, compare; return what is wrong."""
    done = _apply(lab, point.number, point.side)
    if done.returncode not in (-9, KILLED):
        return f"{point}: not killed but {done.returncode}: {done.stderr[-300:]}"
    wrong = _take_back(lab, point)
    apart = sorted(set(start) ^ set(_state(lab)))
    said(lab, "rm -rf /var/lib/zmward/runs/*")
    if wrong or apart:
        return f"{point}: {wrong} {apart[:8]}"
    return ""


def _moments(lab: Lab) -> list[str]:
    """Apply once without a death, take it back, and return what was counted."""
    said(lab, f"rm -f {TRACE}")
    done = _apply(lab, -1, "never")
    if done.returncode:
        raise LabError(f"the plan cannot be applied: {done.stdout}{done.stderr}")
    words = said(lab, f"cat {TRACE}").split()
    wrong = _take_back(lab, Point(-1, "never", "whole"))
    if wrong:
        raise LabError(wrong)
    return words


def _points(words: Sequence[str], sample: int) -> list[Point]:
    """Return every point, or a sample that is spread over them, the same each time."""
    every = [Point(n, s, word) for n, word in enumerate(words) for s in SIDES]
    if not sample or sample >= len(every):
        return every
    dice = random.Random(len(every))  # noqa: S311  # a sample, not a secret
    width = len(every) / sample
    # The lock's first moments cost a minute each: left to the whole test.
    chosen = (int(n * width + dice.random() * width) for n in range(sample))
    return [every[max(number, 12)] for number in dict.fromkeys(chosen)]


def _outcomes(
    lab: Lab, points: Sequence[Point], start: Sequence[str], seconds: float
) -> Iterator[str]:
    limit = time.monotonic() + seconds
    for point in points:
        if time.monotonic() > limit:
            return
        yield _dies(lab, point, start)


def crash(lab: Lab, sample: int = 0, seconds: float = 7200) -> Result:
    """Kill apply at every point, or at a sample of them, on a running lab."""
    plan = prepare(lab)
    words = _moments(lab)
    said(lab, "rm -rf /var/lib/zmward/runs/*")
    start = _state(lab)
    points = _points(words, sample)
    outcomes = list(_outcomes(lab, points, start, seconds))
    broken = tuple(word for word in outcomes if word)
    kinds = frozenset(type(s.change).__struct_config__.tag for s in plan.steps)
    counted = Counter(words)
    print(json.dumps(dict(counted)), flush=True)
    return Result(
        len(outcomes),
        len(outcomes) - len(broken),
        len(words),
        2 * len(words),
        frozenset(str(kind) for kind in kinds),
        broken,
    )


def main(sample: int) -> int:
    """Run the crash test on a node of its own and print what it found."""
    lab = Lab("crash", "default")
    lab.up()
    try:
        result = crash(lab, sample)
    finally:
        lab.down()
    print(result.text)
    return 0 if result.survived == result.points else 1
