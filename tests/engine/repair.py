"""A plan that has every kind of change twice, and the host and directory it is for."""

import itertools
from collections.abc import Iterable, Mapping

from tests.engine.twin import ZIMBRA, Moments, Twin, settings
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
from zmward.doors.directory import Own, Values
from zmward.doors.host import Done
from zmward.doors.local_settings import PATH
from zmward.doors.recorded_directory import RecordedDirectory
from zmward.engine.site import Site
from zmward.engine.verify import Proof
from zmward.finding import Report
from zmward.plan import Host, Plan, Step
from zmward.ruleset import LoadRuleset, Rules

HOST = "mail.example.test"
MACHINE = "0123456789abcdef0123456789abcdef"
SSHD = "/etc/ssh/sshd_config.d/10-zmward.conf"
RSYSLOG = "/etc/rsyslog.d/10-zmward.conf"
OFF, ON = UnitState(enabled=False, active=False), UnitState(enabled=True, active=True)
PROGRAM = """\
SECTION mta
\tVAR zimbraMtaMyNetworks
\tREWRITE conf/postfix_header_checks.in conf/postfix_header_checks
\tRESTART mta
SECTION amavis
\tREWRITE conf/amavisd.conf.in conf/amavisd.conf
"""
RULES = """\
add table inet zmward
delete table inet zmward
table inet zmward {
\tchain input {
\t\ttype filter hook input priority filter; policy drop;
\t\ttcp dport 22 accept
\t}
}
"""
OLD = FileText("PermitRootLogin yes\n", 0o600)
NEW = FileText("PermitRootLogin no\n", 0o600)

CHANGES: tuple[Change, ...] = (
    InstallPackage(HOST, "pax", "apt"),
    InstallPackage(HOST, "fail2ban", "apt"),
    WriteFile(HOST, SSHD, OLD, NEW, "sshd", ("ssh.service",)),
    WriteFile(HOST, RSYSLOG, None, FileText("*.* @@log\n")),
    SetMode(
        HOST,
        "/opt/zimbra/conf/a",
        Mode(0o777, "root", "root"),
        Mode(0o640, "zimbra", "zimbra"),
    ),
    SetMode(
        HOST,
        "/opt/zimbra/conf/b",
        Mode(0o644, "zimbra", "zimbra"),
        Mode(0o600, "zimbra", "zimbra"),
    ),
    SetLocalConfig(HOST, "zimbra_same_site_cookie", None, "Lax"),
    SetLocalConfig(HOST, "alias_login_enabled", "true", "false"),
    SetAttr("global", "zimbraMtaTlsAuthOnly", None, ("TRUE",)),
    SetAttr("global", "zimbraMtaBlockedExtension", ("bat", "com"), ("bat", "exe")),
    SetAttr("cos:default", "zimbraImapEnabled", ("TRUE",), ("FALSE",)),
    SetParameter(HOST, "smtpd_forbid_bare_newline", None, "yes", "no"),
    SetParameter(HOST, "smtpd_forbid_unauth_pipelining", "no", "yes"),
    SetCrontab("mail.example.test", "zimbra", "1 2 * * * a\n", "1 2 * * * b\n"),
    SetUnit(HOST, "fail2ban.service", OFF, ON),
    SetUnit(HOST, "rsyslog.service", UnitState(enabled=False, active=True), ON),
    LoadRuleset(HOST, None, Rules("nftables", (RULES,))),
    Act(HOST, "render", ("mta",)),
)


def step(change: Change, renders: tuple[str, ...] = ()) -> Step:
    return Step(
        id="/".join(change.place),
        change=change,
        controls=("a-control",),
        titles=(),
        impact=(),
        affects=(),
        effort="safe",
        renders=renders,
        restarted=(),
        restarts=(),
        reversible="compensated" if change.inverse() is None else "reversible",
        support="local",
    )


def plan(changes: Iterable[Change] = CHANGES, machine: str = MACHINE) -> Plan:
    steps = tuple(
        step(c, ("mta",) if getattr(c, "attribute", "").startswith("zimbraMta") else ())
        for c in changes
    )
    return Plan(Host(HOST, machine), "2026-11-21T12:00:00+00:00", "1", steps, (), ())


def twin() -> Twin:
    found = Twin()
    found.folder("/etc/ssh/sshd_config.d")
    found.folder("/etc/rsyslog.d")
    found.folder("/etc/systemd/system")
    found.folder("/opt/zimbra/conf", Mode(0o755, "zimbra", "zimbra"))
    found.add("/etc/machine-id", f"{MACHINE}\n")
    found.add("/proc/sys/kernel/random/boot_id", "boot-1\n")
    found.add("/proc/uptime", "1000.00 900.00\n")
    found.add(SSHD, OLD.text, Mode(OLD.mode, "root", "root"))
    found.add("/opt/zimbra/conf/a", "", Mode(0o777, "root", "root"))
    found.add("/opt/zimbra/conf/b", "", Mode(0o644, "zimbra", "zimbra"))
    values = {"zimbra_server_hostname": HOST, "alias_login_enabled": "true"}
    found.add(PATH, b"<!-- by hand -->" + settings(values)[22:], ZIMBRA)
    found.add("/opt/zimbra/conf/zmconfigd.cf", PROGRAM)
    found.crontabs["zimbra"] = "1 2 * * * a\n"
    found.folder("/opt/zimbra/common/conf", Mode(0o755, "zimbra", "zimbra"))
    found.add("/opt/zimbra/common/conf/main.cf", "", ZIMBRA)
    found.parameters["smtpd_forbid_unauth_pipelining"] = "no"
    found.units["rsyslog.service"] = UnitState(enabled=False, active=True)
    found.units["ssh.service"] = ON
    found.units["fail2ban.service"] = OFF
    return found


class Watched:
    """A recorded directory whose writes count as moments of the host."""

    def __init__(self, kept: RecordedDirectory, moments: Moments) -> None:
        self.kept, self.moments = kept, moments

    def read(self, target: str, attributes: Iterable[str]) -> Own:
        return self.kept.read(target, attributes)

    def read_many(self, wanted: Mapping[str, Iterable[str]]) -> dict[str, Own]:
        return self.kept.read_many(wanted)

    def write(self, target: str, values: Mapping[str, Values | None]) -> None:
        def act() -> Done | None:
            self.kept.write(target, values)
            return None

        self.moments.passing(act)

    def flush(self, kinds: Iterable[str]) -> None:
        self.kept.flush(kinds)

    def close(self) -> None:
        self.kept.close()


def directory() -> RecordedDirectory:
    return RecordedDirectory(
        {
            "global": {"zimbraMtaBlockedExtension": ("bat", "com")},
            "cos:default": {"zimbraImapEnabled": ("TRUE",)},
            f"server:{HOST}": {"zimbraServiceEnabled": ("mta", "mailbox")},
        }
    )


def site(host: Twin, kept: RecordedDirectory) -> Site:
    ticks = itertools.count(step=10)
    return Site(
        clock=lambda: float(next(ticks)),
        door=host,
        opener=lambda: Watched(kept, host.moments),
        sleep=lambda _seconds: None,
    )


def proof(*failing: str) -> Proof:
    report = Report(HOST, "", "", "", (HOST,), (), ())
    return Proof(report, failing, ())
