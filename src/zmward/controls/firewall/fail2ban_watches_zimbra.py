"""fail2ban reads the logs in which Zimbra's failed logins stand."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from zmward.bans.jails import EVENT_LOGS
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.fail2ban import FAIL2BAN, Fail2ban, Jail
from zmward.sources.packages import PACKAGES

# Role → the logs of which one must be read, and what they show.
WANTED = {
    "mailbox": (
        ("/opt/zimbra/log/audit.log", "/opt/zimbra/log/mailbox.log", EVENT_LOGS),
        "web",
    ),
    "mta": (("/var/log/zimbra.log", "/var/log/mail.log", "/var/log/maillog"), "SMTP"),
}


def reads(jail: Jail, path: str) -> bool:
    """Say whether a jail reads a file; its paths may be patterns."""
    return any(path == log or fnmatchcase(path, log) for log in jail.logs)


def _holes(found: Fail2ban, roles: list[str]) -> Iterator[str]:
    for role in roles:
        logs, what = WANTED[role]
        if not any(reads(jail, log) for jail in found.jails for log in logs):
            yield f"no jail reads {logs[0]} ({what} logins)"
    if not any(jail.filter.startswith("sshd") for jail in found.jails):
        yield "no jail for sshd"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    if facts.absent(FAIL2BAN, host):
        yield not_concerned(Layer.DECLARED, host, "fail2ban is not installed")
        return
    found = facts.read(FAIL2BAN, host)
    roles = [role for role in WANTED if host in facts.hosts(role)]
    holes = list(_holes(found, roles))
    jails = ", ".join(jail.name for jail in found.jails) or "none"
    if holes:
        yield deviates(
            Layer.DECLARED,
            host,
            f"{'; '.join(holes)} (enabled jails: {jails})",
            "jails for web, SMTP and SSH logins",
            no_cure="`zmward logs bans --install` writes jails for this server whose "
            "filters are proved; for SSH, enable fail2ban's own jail sshd.",
            source="fail2ban",
            seen=f"enabled jails: {jails}",
        )
    else:
        yield sound(Layer.DECLARED, host, source="fail2ban", seen=f"jails: {jails}")


_SSH = Jail("sshd", "sshd", ("/var/log/auth.log",))
_WEB = Jail("zimbra-auth", "zimbra-auth", ("/opt/zimbra/log/audit.log",))
_OURS = Jail("zmward-login", "zmward-login", (EVENT_LOGS,))
_MAIL = Jail("zimbra-smtp", "postfix", ("/var/log/zimbra.log",))

CONTROL = Control(
    id="fail2ban-watches-zimbra",
    title="fail2ban reads the logs of Zimbra's logins and of SSH",
    why="A jail for SSH alone leaves webmail, IMAP and SMTP to be guessed at.",
    impact="An address that fails too often is shut out for a while.",
    severity=Severity.MEDIUM,
    tips=("T05",),
    locks_out="users who mistype often, and everyone behind one address",
    check=on_hosts(Layer.DECLARED, (FAIL2BAN, SERVERS, PACKAGES), _look),
    refs=("https://github.com/fail2ban/fail2ban",),
    note="Whether the filters match this version's lines is a control of its own.",
    examples=(
        passes(fail2ban=Fail2ban((_SSH, _WEB, _MAIL), (), {})),
        passes(fail2ban=Fail2ban((_SSH, _OURS, _MAIL), (), {})),
        fails(fail2ban=Fail2ban((_SSH,), (), {})),
        fails(fail2ban=Fail2ban((_WEB, _MAIL), (), {})),
        unsure(missing=("fail2ban",)),
        unconcerned(absent=("fail2ban",)),
    ),
)
