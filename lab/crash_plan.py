"""The plan of the crash test: every kind of change, most twice, and its start."""

from pathlib import Path

from lab.errors import LabError
from lab.mirror import mirror, remove
from lab.node import HOST, Lab
from lab.product import install
from zmward.change import (
    Act,
    Change,
    FileText,
    InstallPackage,
    Mode,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    UnitState,
    WriteFile,
)
from zmward.plan import Host, Plan, described, folded, order
from zmward.reports.plan_json import render
from zmward.ruleset import LoadRuleset, Rules
from zmward.sources.crontab import bare_table

PLAN, TRACE, PROGRAM = "/root/crash-plan.json", "/run/crash-trace", "/root/crash.py"
TIMEOUT = 300.0
LARGEST = 15
KINDS = frozenset(str(kind.__struct_config__.tag) for kind in Change.__args__)
# All that may be left: what an installed package brings stays, by zmward's own word.
LEFTOVERS = {
    "fail2ban": "its unit fail2ban.service, enabled and running; no user",
    "rsyslog-gnutls": "a library of rsyslogd; no unit, no user",
}
ON = UnitState(enabled=True, active=True)
OFF = UnitState(enabled=False, active=False)
TEMPLATE = "/opt/zimbra/conf/amavisd.conf.in"
POSTCONF = "/opt/zimbra/common/sbin/postconf"
SSHD = "/etc/ssh/sshd_config.d/10-zmward.conf"
SYSCTL = "/etc/sysctl.d/90-zmward.conf"
# They let everything in: who takes back must still be reached.
RULES = """\
add table inet zmward
delete table inet zmward
table inet zmward {
\tchain input {
\t\ttype filter hook input priority filter; policy accept;
\t\tct state new tcp dport 9 counter drop
\t}
}
"""
START = f"""
set -e
chown zimbra:zimbra {TEMPLATE}; chmod 644 {TEMPLATE}
echo net.ipv4.tcp_syncookies = 1 >{SYSCTL}; chmod 644 {SYSCTL}
systemctl enable -q --now cron; systemctl disable -q --now unattended-upgrades
runuser -u zimbra -- {POSTCONF} -X smtpd_forbid_bare_newline
# zmconfigd renders what has changed by itself, here not once a minute but at once.
runuser -u zimbra -- /opt/zimbra/bin/zmlocalconfig -e zmconfigd_interval=2
systemctl restart zimbra-configd
"""


def said(lab: Lab, script: str) -> str:
    """Run a script on the node and return all that it says."""
    done = lab.run("mail", ["sh", "-c", script], timeout=TIMEOUT)
    return done.stdout + done.stderr


def _own(lab: Lab, question: str) -> tuple[str, ...] | None:
    lines = said(lab, f"runuser -u zimbra -- /opt/zimbra/bin/zmprov -l {question}")
    values = [row.partition(": ")[2] for row in lines.splitlines() if ": " in row]
    return tuple(values) or None


def _builtin(lab: Lab, name: str) -> str:
    return said(lab, f"runuser -u zimbra -- {POSTCONF} -d -h {name}").strip()


def changes(lab: Lab) -> tuple[Change, ...]:
    """Return every kind, twice as far as fifteen changes reach.

    Once: a crontab, since zmward writes only one user's; the rules, of which a host
    has one set; an action, which leaves nothing to compare; a parameter of Postfix;
    and a mode, with its owners.
    """
    crontab = bare_table(said(lab, "CRONTAB_NOHEADER=N crontab -u zimbra -l"))
    level = _own(lab, "gacf zimbraMtaSmtpdTlsLoglevel")
    note = ('it\'s "quoted" $(id) é',)
    drop_in = FileText("X11Forwarding no\n", 0o600)
    sysctl = FileText("net.ipv4.tcp_syncookies = 1\n")
    newline = "smtpd_forbid_bare_newline"
    modes = Mode(0o644, "zimbra", "zimbra"), Mode(0o640, "root", "zimbra")
    return (
        *(InstallPackage(HOST, package, "apt") for package in LEFTOVERS),
        WriteFile(HOST, SSHD, None, drop_in, "sshd", ("ssh.service",)),
        WriteFile(HOST, SYSCTL, sysctl, FileText("net.ipv4.tcp_syncookies = 2\n")),
        SetMode(HOST, TEMPLATE, *modes),
        SetLocalConfig(HOST, "antispam_enable_restarts", None, "true"),
        SetLocalConfig(HOST, "antispam_enable_rule_updates", None, "true"),
        SetAttr("global", "zimbraMtaSmtpdTlsLoglevel", level, ("2",)),
        SetAttr("account:user005@example.test", "zimbraNotes", None, note),
        SetParameter(HOST, newline, None, "yes", _builtin(lab, newline)),
        SetCrontab(HOST, "zimbra", crontab, f"{crontab}# zmward\n"),
        SetUnit(HOST, "cron.service", ON, OFF),
        SetUnit(HOST, "unattended-upgrades.service", OFF, ON),
        LoadRuleset(HOST, None, Rules("nftables", (RULES,))),
        Act(HOST, "render", ("mta",)),
    )


def prepare(lab: Lab) -> Plan:
    """Bring the node to the plan's start and put plan and program there."""
    install(lab)
    mirror(lab)
    # Purged once before: a purge leaves folders that a fresh node did not have.
    remove(lab, *LEFTOVERS)
    done = lab.run("mail", ["sh", "-c", START], timeout=TIMEOUT)
    if done.returncode:
        raise LabError(f"the node cannot be prepared: {done.stderr}")
    steps = sorted((described(c, (), (HOST,)) for c in changes(lab)), key=order)
    machine = said(lab, "cat /etc/machine-id").strip()
    when = "2026-11-21T12:00:00+00:00"
    host = Host(HOST, machine)
    plan = Plan(host, when, "1", tuple(steps), folded(steps), (), hosts_seen=(HOST,))
    program = Path(__file__).with_name("crash_point.py").read_text()
    for path, text in ((PLAN, render(plan)), (PROGRAM, program)):
        target = lab.root / path[1:]
        target.write_text(text)
        target.chmod(0o600)
    return plan
