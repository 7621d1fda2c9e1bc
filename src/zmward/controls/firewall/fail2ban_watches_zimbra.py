"""fail2ban reads the logs in which Zimbra's failed logins stand."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from zmward.bans.jails import EVENT_LOGS
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.firewall._jails import MOST_FAILURES, worth
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.fail2ban import FAIL2BAN, Fail2ban, Jail
from zmward.sources.packages import PACKAGES
from zmward.sources.source import matches

_NGINX = "/opt/zimbra/log/nginx.log"
# Role → the logs of which one must be read, and what they show.
WANTED = {
    "mailbox": (
        ("/opt/zimbra/log/audit.log", "/opt/zimbra/log/mailbox.log", EVENT_LOGS),
        "web",
    ),
    "proxy": ((EVENT_LOGS, _NGINX), "web, IMAP and POP"),
    "mta": (("/var/log/zimbra.log", "/var/log/mail.log", "/var/log/maillog"), "SMTP"),
}
_JOURNAL = "systemd"
# Where programs write by themselves: what syslog gets stands in the journal too.
_NOT_JOURNAL = ("/opt/", "/var/log/zmward/")


def reads(jail: Jail, path: str) -> bool:
    """Say whether a jail reads a file; its paths may be patterns."""
    backend = jail.backend.partition("[")[0].strip().lower()
    if backend == _JOURNAL and path.startswith(_NOT_JOURNAL):
        return False
    return any(path == log or matches(path, log) for log in jail.logs)


def _wanted(facts: Facts, host: str) -> Iterator[str]:
    """Yield the roles of a host; with its own mailboxes a proxy's logins are theirs."""
    for role in WANTED:
        own = host in facts.hosts(role)
        if own and not (role == "proxy" and host in facts.hosts("mailbox")):
            yield role


def _watching(
    found: Fail2ban, roles: Iterable[str]
) -> Iterator[tuple[str, list[Jail]]]:
    """Yield what must be watched, and which jails do."""
    for role in roles:
        logs, what = WANTED[role]
        some = [j for j in found.jails if any(reads(j, log) for log in logs)]
        yield f"no jail reads {logs[0]} ({what} logins)", some
    some = [jail for jail in found.jails if jail.filter.startswith("sshd")]
    yield "no jail for sshd", some


def _holes(
    found: Fail2ban, roles: Iterable[str], failures: int
) -> Iterator[tuple[str, bool]]:
    """Yield what nobody is banned for, and whether that is sure."""
    for nobody, jails in _watching(found, roles):
        known = [(jail.name, worth(jail, failures)) for jail in jails]
        if any(not one.flaw and not one.doubt for _, one in known):
            continue
        doubts = [f"jail {name}: {one.doubt}" for name, one in known if not one.flaw]
        flaws = [f"jail {name} bans nobody: {one.flaw}" for name, one in known]
        yield "; ".join(doubts or flaws) or nobody, not doubts


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    if facts.absent(FAIL2BAN, host):
        yield not_concerned(Layer.DECLARED, host, "fail2ban is not installed")
        return
    found = facts.read(FAIL2BAN, host)
    roles = tuple(_wanted(facts, host))
    some = list(_holes(found, roles, facts.profile.bans.failures))
    holes = list(dict.fromkeys(text for text, sure in some if sure))
    jails = ", ".join(jail.name for jail in found.jails) or "none"
    if holes:
        yield deviates(
            Layer.DECLARED,
            host,
            f"{'; '.join(holes)} (enabled jails: {jails})",
            "jails for web, SMTP and SSH logins that ban",
            no_cure="`zmward logs bans --install` writes jails for this server whose "
            "filters are proved; for SSH, enable fail2ban's own jail sshd.",
            source="fail2ban",
            seen=f"enabled jails: {jails}",
        )
    elif some:
        reason = "; ".join(dict.fromkeys(text for text, _ in some))
        yield unknown(Layer.DECLARED, host, reason)
    else:
        yield sound(Layer.DECLARED, host, source="fail2ban", seen=f"jails: {jails}")


_SSH = Jail("sshd", "sshd", ("/var/log/auth.log",))
_WEB = Jail("zimbra-auth", "zimbra-auth", ("/opt/zimbra/log/audit.log",))
_OURS = Jail("zmward-login", "zmward-login", (EVENT_LOGS,))
_MAIL = Jail("zimbra-smtp", "postfix", ("/var/log/zimbra.log",))
_IDLE = (
    {"spared": ("0.0.0.0/0", "::/0")},
    {"spared": ("0.0.0.0/1", "128.0.0.0/1")},
    {"retries": "100000"},
    {"spared": ("1.0.0.0/8", "2.0.0.0/7", "4.0.0.0/6", "64.0.0.0/2", "128.0.0.0/1")},
    {"ban": "1"},
    {"find": "1"},
    {"action": ""},
    {"action": "sendmail-whois[name=x]\nmail"},
)


def _site(*jails: Jail) -> Fail2ban:
    return Fail2ban(jails, (), {})


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
    note=(
        "Whether the filters match this version's lines is a control of its own. A "
        "jail that spares half of all addresses, has no action that bans, bans or "
        "counts for less than a minute, or bans only after more than "
        f"{MOST_FAILURES} failures, bans nobody."
    ),
    examples=(
        passes(fail2ban=Fail2ban((_SSH, _WEB, _MAIL), (), {})),
        passes(fail2ban=Fail2ban((_SSH, _OURS, _MAIL), (), {})),
        passes(services=("proxy",), fail2ban=_site(_SSH, _OURS)),
        fails(services=("proxy",), fail2ban=_site(_SSH)),
        fails(services=("proxy",), fail2ban=_site(_SSH, _WEB)),
        fails(fail2ban=_site(_SSH, replace(_WEB, backend="systemd"), _MAIL)),
        fails(fail2ban=_site(_SSH, replace(_OURS, backend="systemd"), _MAIL)),
        fails(fail2ban=_site(_SSH, replace(_OURS, backend="Systemd[a=b]"), _MAIL)),
        passes(fail2ban=_site(_SSH, _OURS, replace(_MAIL, backend="systemd"))),
        *(fails(fail2ban=_site(replace(_SSH, **one), _WEB, _MAIL)) for one in _IDLE),
        *(fails(fail2ban=_site(_SSH, _WEB, replace(_MAIL, **one))) for one in _IDLE),
        fails(fail2ban=_site(_SSH, replace(_WEB, logs=("/opt/*.log",)), _MAIL)),
        # One that bans is enough, whatever the other does.
        passes(fail2ban=_site(_SSH, _OURS, replace(_WEB, action=""), _MAIL)),
        unsure(fail2ban=_site(_SSH, _WEB, replace(_MAIL, action="%(mine)s"))),
        unsure(fail2ban=_site(_SSH, _WEB, replace(_MAIL, retries="%(mine)s"))),
        unsure(fail2ban=_site(_SSH, _WEB, replace(_MAIL, excused="/bin/true"))),
        fails(fail2ban=Fail2ban((_SSH,), (), {})),
        fails(fail2ban=Fail2ban((_WEB, _MAIL), (), {})),
        unsure(missing=("fail2ban",)),
        unconcerned(absent=("fail2ban",)),
    ),
)
